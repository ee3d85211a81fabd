----------------------------- MODULE Placement ------------------------------
(***************************************************************************)
(* Rung 6.  Key ranges are split, merged and moved between adjudicators    *)
(* while transactions commit, and at each time every key has exactly one   *)
(* owner (P9).                                                             *)
(*                                                                         *)
(* A range is given away by a record in the owner's journal, which has a   *)
(* time like any other record.  It lies above everything the owner ever    *)
(* committed or promised on the range, and whoever has the range next      *)
(* commits on it only above that time.  So the commit times of a key are   *)
(* divided among its owners, one after the other, and readers, who merge   *)
(* the journals by time, meet the commits of a key in their order.         *)
(*                                                                         *)
(* The old owner judges nothing on the range from the moment it appends    *)
(* the record; the new one judges nothing before the record is durable,    *)
(* when all earlier records are: nothing of the range is under way then,   *)
(* and no crash gives the range back to the old owner.  History and floor  *)
(* go with the range, so the new owner misses no conflict.                 *)
(*                                                                         *)
(* An owner that crashes or is cut off cannot give anything away.  Its     *)
(* journal is sealed when its lease has run out (how, is rung 4), and who  *)
(* continues it has the ranges that stand there, but no history: its floor *)
(* rises (P19).                                                            *)
(*                                                                         *)
(* Rung 4 says how a journal fences those who have lost it, rung 3 how     *)
(* several owners decide together.                                         *)
(***************************************************************************)
EXTENDS KeyRanges

-----------------------------------------------------------------------------
\* Of what is remembered, what is later than upto.
LaterThan(upto, history) ==
    LET left(k) == {c \in DOMAIN history[k] : Before(upto, history[k][c])}
    IN  [k \in {j \in DOMAIN history : left(j) # {}} |-> [c \in left(k) |-> history[k][c]]]

\* Of what is remembered, what is in a range.
Within(r, history) == [k \in {j \in DOMAIN history : InRange(j, r)} |-> history[k]]

\* Of what is remembered, what is not in a range.
Without(r, history) == [k \in {j \in DOMAIN history : ~InRange(j, r)} |-> history[k]]

\* The given history has all of another one that is later than level.
HasAllAbove(level, history, given) ==
    \A k \in DOMAIN history : \A c \in DOMAIN history[k] :
        Before(level, history[k][c]) =>
            IF k \in DOMAIN given THEN c \in DOMAIN given[k] /\ given[k][c] = history[k][c] ELSE FALSE

\* No key of a range is held for an undecided transaction.
NoneHeld(adj, r) == \A h \in holds[adj] : \A k \in DOMAIN h.keys : ~InRange(k, r)

\* A range is part of another one.
PartOf(r, s) == ~KeyBefore(r.low, s.low) /\ HighAtMost(r.high, s.high)

\* Two sets of ranges, none of which overlap, have the same keys: they begin and end at
\* the same places, however they are cut in between.
SameKeys(some, others) ==
    LET lows(set)  == {r.low : r \in set}
        highs(set) == {r.high : r \in set}
    IN  /\ lows(some) \ highs(some) = lows(others) \ highs(others)
        /\ highs(some) \ lows(some) = highs(others) \ lows(others)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Forget                                                                  *)
(*   who      an adjudicator                                               *)
(*   why      P15: the history must not grow for ever                      *)
(*   when     always: the floor rises with what is forgotten               *)
(*   changes  last, floor                                                  *)
(***************************************************************************)
Forget(adj, upto) ==
    /\ Before(floor[adj], upto)
    /\ floor' = [floor EXCEPT ![adj] = upto]
    /\ last' = [last EXCEPT ![adj] = LaterThan(upto, @)]
    /\ UNCHANGED <<ranges, issued, appending, holds, leaving, moving>>

(***************************************************************************)
(* Split                                                                   *)
(*   who      an adjudicator, told by the control plane                    *)
(*   why      P9: a part of a busy range can then be moved                 *)
(*   when     `at' lies within a range that it owns, and not at its low    *)
(*            end                                                          *)
(*   changes  ranges                                                       *)
(***************************************************************************)
Split(adj, at) ==
    LET Around(r) == KeyBefore(r.low, at) /\ BelowHigh(at, r.high)
    IN  /\ \E r \in ranges[adj] : Around(r)
        /\ ranges' = [ranges EXCEPT ![adj] =
               UNION {IF Around(r) THEN {[r EXCEPT !.high = at], [r EXCEPT !.low = at]} ELSE {r} :
                          r \in ranges[adj]}]
        /\ UNCHANGED <<known, issued, appending, holds, leaving, moving>>

(***************************************************************************)
(* Merge                                                                   *)
(*   who      an adjudicator, told by the control plane                    *)
(*   why      P15: an idle range shall cost nothing                        *)
(*   when     it owns two ranges that are neighbours: one ends at `at',    *)
(*            where the other begins                                       *)
(*   changes  ranges                                                       *)
(***************************************************************************)
Merge(adj, at) ==
    /\ \E r \in ranges[adj] : r.high = at
    /\ \E s \in ranges[adj] : s.low = at
    /\ \E r, s \in ranges[adj] :
           /\ r.high = at /\ s.low = at
           /\ ranges' = [ranges EXCEPT ![adj] =
                  (@ \ {r, s}) \cup {[low |-> r.low, high |-> s.high]}]
    /\ UNCHANGED <<known, issued, appending, holds, leaving, moving>>

(***************************************************************************)
(* Release                                                                 *)
(*   who      the owner of a range, told by the control plane              *)
(*   why      P9: from ts on the range has another owner; P10: who gets    *)
(*            what this one remembers of it                                *)
(*   when     it owns the range, which is called by its low end, and holds *)
(*            none of its keys for an undecided transaction (P12); ts is a *)
(*            time for a record                                            *)
(*   changes  ranges, last, latest; the record goes to the journal         *)
(***************************************************************************)
Release(adj, low, to, ts) ==
    /\ to # adj
    /\ \E r \in ranges[adj] : r.low = low
    /\ \A r \in ranges[adj] : r.low = low => NoneHeld(adj, r)
    /\ Free(adj, ts)
    /\ AtMost(ts, lease[adj])
    /\ \E r \in ranges[adj] :
           /\ r.low = low
           /\ ranges' = [ranges EXCEPT ![adj] = @ \ {r}]
           /\ leaving' = [leaving EXCEPT ![adj] = @ \cup
                  {[ts |-> ts, to |-> to, low |-> r.low, high |-> r.high, level |-> floor[adj],
                    known |-> Within(r, last[adj])]}]
           /\ last' = [last EXCEPT ![adj] = Without(r, @)]
    /\ latest' = [latest EXCEPT ![adj] = ts]
    /\ UNCHANGED <<floor, promise, lease, appending, holds, moving>>

(***************************************************************************)
(* Depart                                                                  *)
(*   who      the old owner, told by its journal                           *)
(*   why      P11: what was committed on the range has settled             *)
(*   when     the range is being released, and every earlier record of the *)
(*            journal is durable                                           *)
(*   changes  leaving, moving                                              *)
(***************************************************************************)
Depart(adj, low) ==
    /\ \E m \in leaving[adj] : m.low = low
    /\ \A m \in leaving[adj] : m.low = low => Reached(adj, m.ts)
    /\ \E m \in leaving[adj] :
           /\ m.low = low
           /\ leaving' = [leaving EXCEPT ![adj] = @ \ {m}]
           /\ moving' = moving \cup
                  {[from |-> adj, ts |-> m.ts, to |-> m.to, low |-> m.low, high |-> m.high,
                    level |-> m.level, known |-> m.known]}
    /\ UNCHANGED <<ranges, known, issued, appending, holds>>

(***************************************************************************)
(* Install                                                                 *)
(*   who      the new owner, when its record of this is durable            *)
(*   why      P9: now it judges; P2: above the time of the release, which  *)
(*            is above all that was committed or promised before           *)
(*   when     the release is durable and names it; its lease reaches there;*)
(*            it is given all that is later than level, which its floor    *)
(*            has reached.  (An owner that was lost gives nothing: then    *)
(*            level is where its successor began.)                         *)
(*   changes  ranges, last, moving; latest: its journal goes on above that *)
(*            time                                                         *)
(***************************************************************************)
Install(adj, low, source, ts, level, history) ==
    LET Given(m) == m.low = low /\ m.from = source /\ m.to = adj /\ m.ts = ts
    IN  /\ \E m \in moving : Given(m)
        /\ AtMost(ts, lease[adj])
        /\ AtMost(level, floor[adj])
        /\ \A m \in moving :
               Given(m) => AtMost(m.level, level) /\ HasAllAbove(level, m.known, history)
        /\ ranges' = [ranges EXCEPT ![adj] = @ \cup {Span(m) : m \in {g \in moving : Given(g)}}]
        /\ last' = [last EXCEPT ![adj] = LaterThan(floor[adj], history) @@ @]
        /\ latest' = [latest EXCEPT ![adj] = Later(@, ts)]
        /\ moving' = {m \in moving : ~Given(m)}
        /\ UNCHANGED <<floor, promise, lease, appending, holds, leaving>>

\* The ranges that the journal of adj tells of are those that it has.
Continues(adj, found, owned) == SameKeys(found, owned)

\* The releases under way of adj that its journal has.
KeptOf(adj, left) == {m \in leaving[adj] : \E l \in left : l.low = m.low /\ l.ts = m.ts}

\* The ranges that adj has taken, as its journal says, though nobody was told.
TakenBy(adj, at, found) ==
    {m \in moving : /\ m.to = adj /\ AtMost(m.ts, lease[adj]) /\ AtMost(m.level, at)
                    /\ \E r \in found : PartOf(m, r)}

(***************************************************************************)
(* Seal                                                                    *)
(*   who      who continues the journal of an adjudicator that is lost     *)
(*   why      P18, P19: all but the journal is lost                        *)
(*   when     `at' lies at or above the old lease and floor; `found' are   *)
(*            the ranges that stand in the journal, `left' the releases:   *)
(*            a release that it does not have has not happened, and a      *)
(*            range that was taken there is its own.  (How ranges are cut  *)
(*            may be lost, too.)                                           *)
(*   changes  everything of adj: what is not durable is lost, and history; *)
(*            it begins at `at', and so does who takes a range from it     *)
(***************************************************************************)
Seal(adj, at, found, left) ==
    LET kept  == KeptOf(adj, left)
        taken == TakenBy(adj, at, found)
        owned == ranges[adj] \cup {Span(m) : m \in taken \cup (leaving[adj] \ kept)}
        begin(times) == [times EXCEPT ![adj] = at]
    IN  /\ AtMost(Later(lease[adj], floor[adj]), at)
        /\ Continues(adj, found, owned)
        /\ ranges' = [ranges EXCEPT ![adj] = found]
        /\ last' = [last EXCEPT ![adj] = << >>]
        /\ floor' = begin(floor) /\ promise' = begin(promise) /\ lease' = begin(lease)
        /\ appending' = [appending EXCEPT ![adj] = {}]
        /\ holds' = [holds EXCEPT ![adj] = {}]
        /\ leaving' = [leaving EXCEPT ![adj] = {}]
        /\ moving' = (moving \ taken) \cup
               {[from |-> adj, ts |-> m.ts, to |-> m.to, low |-> m.low, high |-> m.high,
                 level |-> at, known |-> << >>] : m \in kept}
        /\ UNCHANGED latest

-----------------------------------------------------------------------------
KeysUsed == UNION {[used -> Class] : used \in SUBSET Key \ {{}}}

Ranges == {r \in [low : Key, high : Key \cup {End}] : BelowHigh(r.low, r.high)}

Histories ==
    UNION {[used -> UNION {[some -> Time] : some \in SUBSET Class}] : used \in SUBSET Key}

Releases == [low : Key, high : Key \cup {End}, to : Adj, ts : Time]

Next ==
    \E adj \in Adj :
        \/ \E txn \in Txn, start \in Time, keys \in KeysUsed :
               \/ Refuse(adj, txn, start, keys)
               \/ Redirect(adj, txn, start, keys)
               \/ \E ts \in Time :
                      \/ Commit(adj, txn, start, keys, ts)
                      \/ Vote(adj, txn, start, keys, ts)
        \/ \E txn \in Txn, start, ts \in Time : Decline(adj, txn, start, ts)
        \/ \E txn \in Txn :
               \/ Drop(adj, txn)
               \/ \E ts \in Time : Learn(adj, txn, ts) \/ Durable(adj, txn, ts)
        \/ \E time \in Time : Heartbeat(adj, time) \/ Renew(adj, time) \/ Forget(adj, time)
        \/ \E low \in Key :
               \/ \E to \in Adj, ts \in Time : Release(adj, low, to, ts)
               \/ Split(adj, low) \/ Merge(adj, low) \/ Depart(adj, low)
               \/ \E source \in Adj, ts \in Time, level \in Time \cup {Zero} :
                      \E history \in Histories : Install(adj, low, source, ts, level, history)
        \/ \E at \in Time, found \in SUBSET Ranges, left \in SUBSET Releases :
               Seal(adj, at, found, left)

Spec == Init /\ [][Next]_vars
=============================================================================
