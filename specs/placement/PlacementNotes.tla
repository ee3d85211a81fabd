--------------------------- MODULE PlacementNotes ---------------------------
(***************************************************************************)
(* What is remembered of a behaviour of Placement, and each key seen by    *)
(* itself.                                                                 *)
(*                                                                         *)
(* The variables below only watch: they remember every commit, what        *)
(* readers were told of each journal and each key, and what crashes took   *)
(* away.  No step of the spec depends on them.                             *)
(*                                                                         *)
(* A promise that an adjudicator makes covers the keys that it owns then,  *)
(* and those that it gives away by a record which is still under way.      *)
(***************************************************************************)
EXTENDS Placement

CONSTANT
    Patient     \* transactions that ask again when they are told `not mine'

VARIABLES
    commits,    \* [txn, by, voted, start, keys, ts, until]: ts = until but for votes
    told,       \* by journal: the greatest promise that a reader has heard
    said,       \* by key: the greatest promise that covered it
    ended,      \* by key: the greatest lease that it had when its owner was lost
    lost,       \* transactions that a crash took away
    turned      \* patient transactions that were told `not mine'

notes == <<commits, told, said, ended, lost, turned>>

varsNoted == <<vars, notes>>

InitNotes ==
    /\ commits = {}
    /\ told = [adj \in Adj |-> Zero]
    /\ said = [k \in Key |-> Zero]
    /\ ended = [k \in Key |-> Zero]
    /\ lost = {}
    /\ turned = {}

-----------------------------------------------------------------------------
AllMoves == moving \cup UNION {leaving[adj] : adj \in Adj}

KeysIn(r) == {k \in Key : InRange(k, r)}

Owned(adj) == UNION {KeysIn(r) : r \in ranges[adj]}

Moving == UNION {KeysIn(m) : m \in moving}

\* The keys whose next commits are in the hands of adj.
KeysOf(adj) == Owned(adj) \cup UNION {KeysIn(m) : m \in leaving[adj]}

-----------------------------------------------------------------------------
(***************************************************************************)
(* One key k, seen as rung 2 sees it: one adjudicator whose only key is k. *)
(* Its history goes where k goes; its promise is what was ever said of k;  *)
(* its lease is the owner's, and on the way the time of the release.  So a *)
(* Depart is a Renew, a Seal a Recover, and an Install both a Renew and a  *)
(* Forget, if its owner has forgotten more.  What a voter has learnt       *)
(* entered another journal, of which rung 2 does not know.                 *)
(***************************************************************************)
Own(k) == {c \in commits : ~c.voted /\ k \in DOMAIN c.keys}

InHands(k) == \E adj \in Adj : k \in KeysOf(adj)

HolderOf(k) == CHOOSE adj \in Adj : k \in KeysOf(adj)

IsOwned(k) == \E adj \in Adj : k \in Owned(adj)

MoveOf(k) == CHOOSE m \in AllMoves : InRange(k, m)

FloorOf(k) == IF IsOwned(k) THEN floor[HolderOf(k)] ELSE MoveOf(k).level

\* The last commit of a class that is remembered.
KnownOf(k, c) ==
    LET history == IF IsOwned(k) THEN last[HolderOf(k)] ELSE MoveOf(k).known
    IN  IF k \notin DOMAIN history THEN Zero
        ELSE IF c \in DOMAIN history[k] THEN history[k][c] ELSE Zero

\* An access is remembered by the last one of its class; what was relied on binds nobody.
HistoryOf(k) ==
    LET there  == {c \in Own(k) : /\ Before(FloorOf(k), c.ts)
                                  /\ c.keys[k] = "R" \/ AtMost(c.ts, KnownOf(k, c.keys[k]))}
        Nth(n) == CHOOSE c \in there : Cardinality({d \in there : AtMost(d.ts, c.ts)}) = n
    IN  [n \in 1 .. Cardinality(there) |-> [ts |-> Nth(n).ts, keys |-> k :> Nth(n).keys[k]]]

LatestOf(k) ==
    IF Own(k) = {} THEN Zero
    ELSE (CHOOSE c \in Own(k) : \A d \in Own(k) : AtMost(d.ts, c.ts)).ts

LeaseOf(k) ==
    IF InHands(k) THEN lease[HolderOf(k)] ELSE Later(MoveOf(k).ts, MoveOf(k).level)

UnderWay(k) ==
    {r \in UNION {appending[adj] : adj \in Adj} : \E c \in Own(k) : c.txn = r.txn}

OneKey(k) == INSTANCE Adjudication
    WITH Key <- {k}, history <- HistoryOf(k), floor <- FloorOf(k),
         latest <- LatestOf(k), promise <- said[k], lease <- LeaseOf(k),
         appending <- UnderWay(k)

\* Rung 2's Renew and Forget in one step: key k has come to an owner that has forgotten more.
RenewsAndForgets(k) ==
    /\ k \in Moving /\ k \notin Moving'
    /\ Before(FloorOf(k), FloorOf(k)')
    /\ HistoryOf(k)' = SelectSeq(HistoryOf(k), LAMBDA c : Before(FloorOf(k)', c.ts))
    /\ AtMost(Later(said[k], LatestOf(k)), LeaseOf(k)')
    /\ UNCHANGED <<LatestOf(k), said[k], UnderWay(k)>>
=============================================================================
