---------------------------- MODULE CommitProps ----------------------------
(***************************************************************************)
(* What must be true of Commit.                                            *)
(*                                                                         *)
(* The spec forgets; the properties must not.  So this module remembers    *)
(* what clients were told, what was read, and the records that storage no  *)
(* longer keeps.  These variables watch: no step of the spec depends on    *)
(* them.  An action together with what is noted of it is called by the     *)
(* action's name and `Noted'.                                              *)
(***************************************************************************)
EXTENDS Commit

CONSTANT
    Watch       \* how many reads are remembered at most

VARIABLES
    begun,      \* how many transactions have begun
    answered,   \* the transactions whose clients were told of their commit
    refused,    \* those whose clients were told that they did not commit
    acked,      \* the greatest commit time of an answer
    horizon,    \* the greatest start at which anyone has read
    watched,    \* some reads: [key, start, seen, base]
    collected,  \* the records that storage no longer keeps
    renamed,    \* transaction -> the one that asks again under this name
    accesses    \* what the transactions that committed had accessed: key -> class

told  == <<answered, refused, acked>>
gathered == <<collected, accesses>>
notes == <<begun, told, horizon, watched, gathered, renamed>>
varsNoted == <<vars, notes>>

InitNotes ==
    /\ begun = 0
    /\ answered = {} /\ refused = {} /\ acked = Zero
    /\ horizon = Zero /\ watched = {}
    /\ collected = {} /\ accesses = << >> /\ renamed = << >>

InitNoted == Init /\ InitNotes

-----------------------------------------------------------------------------
InJournal(a) == {journal[a][t] : t \in DOMAIN journal[a]}

Durables == UNION {InJournal(a) : a \in Adj}

UnderwayAt(a) == {appending[a][i] : i \in DOMAIN appending[a]}

OwnersOf(keys) == {Owner[k] : k \in keys}

\* The transaction as its client knows it, which has one name for all that is asked.
Client(txn) == IF txn \in DOMAIN renamed THEN renamed[txn] ELSE txn

\* All that a transaction accesses: key -> class.
Accesses(txn) ==
    LET slices == IF txn \in DOMAIN txns THEN txns[txn].slices ELSE << >>
    IN  [k \in UNION {DOMAIN slices[a] : a \in DOMAIN slices} |->
            slices[CHOOSE a \in DOMAIN slices : k \in DOMAIN slices[a]][k]]

-----------------------------------------------------------------------------
\* Names only tell transactions apart.  So Txn is 1 .. n in every model, and names
\* are given out in the order of the beginnings, each once.
BeginNoted(txn, start) ==
    /\ txn = begun + 1
    /\ Begin(txn, start)
    /\ begun' = txn
    /\ UNCHANGED <<told, horizon, watched, gathered, renamed>>

\* The properties of reads speak of one read: it is enough to remember any one.
ReadNoted(txn, keys) ==
    \E seen \in [keys -> Time \cup {Zero}] :
        /\ Read(txn, seen)
        /\ horizon' = Later(horizon, txns[txn].start)
        /\ \/ watched' = watched
           \/ /\ Cardinality(watched) < Watch
              /\ \E k \in keys :
                     watched' = watched \cup {[txn |-> txn, key |-> k, seen |-> seen[k],
                                               start |-> txns[txn].start, base |-> base]}
        /\ UNCHANGED <<begun, told, gathered, renamed>>

AcknowledgeNoted(txn) ==
    /\ Acknowledge(txn)
    /\ answered' = answered \cup {Client(txn)}
    /\ acked' = Later(acked, txns[txn].ts)
    /\ UNCHANGED <<begun, refused, horizon, watched, gathered, renamed>>

AbortNoted(txn) ==
    /\ Abort(txn)
    /\ refused' = refused \cup {Client(txn)}
    /\ UNCHANGED <<begun, answered, acked, horizon, watched, gathered, renamed>>

CollectNoted(upto) ==
    /\ Collect(upto)
    /\ collected' = collected \cup (Durables \ Durables')
    /\ UNCHANGED <<begun, told, horizon, watched, accesses, renamed>>

TickNoted(to) == Tick(to) /\ UNCHANGED notes
FirstStatementNoted(txn) == FirstStatement(txn) /\ UNCHANGED notes
WriteNoted(txn, changed, same) == Write(txn, changed, same) /\ UNCHANGED notes
AskNoted(txn, leader, slices) == Ask(txn, leader, slices) /\ UNCHANGED notes

AskAgainNoted(txn, again, leader, slices) ==
    /\ again = begun + 1
    /\ AskAgain(txn, again, leader, slices)
    /\ begun' = again
    /\ renamed' = (again :> Client(txn)) @@ renamed
    /\ UNCHANGED <<told, horizon, watched, gathered>>

CommitReadOnlyNoted(txn) == CommitReadOnly(txn) /\ UNCHANGED notes
AbandonNoted(txn) == Abandon(txn) /\ UNCHANGED notes
VoteNoted(txn, by, until) == Vote(txn, by, until) /\ UNCHANGED notes
RefuseNoted(txn, by) == Refuse(txn, by) /\ UNCHANGED notes
DecideNoted(txn, ts) == Decide(txn, ts) /\ UNCHANGED notes
DeclineNoted(txn, by) == Decline(txn, by) /\ UNCHANGED notes
ResolveNoted(txn, by) == (\E ts \in Time \cup {Zero} : Resolve(txn, by, ts)) /\ UNCHANGED notes
ExpireNoted(txn, by) == Expire(txn, by) /\ UNCHANGED notes
HeartbeatNoted(by, upto) == Heartbeat(by, upto) /\ UNCHANGED notes
RenewNoted(by, until) == Renew(by, until) /\ UNCHANGED notes
ForgetNoted(by, upto) == Forget(by, upto) /\ UNCHANGED notes
ReleaseNoted(by, to, keys, ts) == Release(by, to, keys, ts) /\ UNCHANGED notes
ReturnNoted(by) == (\E ts \in Time : Return(by, ts)) /\ UNCHANGED notes

DepartNoted(by) ==
    /\ \E m \in leaving : Depart(by, m.ts)
    /\ UNCHANGED notes

\* With what it has been given; or bare, and its floor has risen.
InstallNoted(by) ==
    /\ \E m \in moving : \E level \in Time \cup {Zero}, given \in {m.known, << >>} :
           Install(by, m.from, m.ts, level, given)
    /\ UNCHANGED notes

\* Those whose records come to light are remembered with their accesses.
CommitsNoted ==
    /\ accesses' = [t \in {r.txn : r \in Durables' \ Durables} |-> Accesses(t)] @@ accesses
    /\ UNCHANGED <<begun, told, horizon, watched, collected, renamed>>

DurableNoted(txn, by) == Durable(txn, by) /\ CommitsNoted

\* What kept says of transactions that are not under way changes nothing.
TakeoverNoted(by, at, kept) ==
    kept \subseteq {r.txn : r \in UnderwayAt(by)} /\ Takeover(by, at, kept) /\ CommitsNoted

\* What a model explores is put together from these parts:
TimePasses == \E to \in Time : TickNoted(to)

Beginners ==
    \/ \E txn \in Txn, start \in Time : BeginNoted(txn, start)
    \/ \E txn \in Txn, keys \in SUBSET Key \ {{}} : WriteNoted(txn, keys, {})

\* What a transaction wrote, as accesses of the strongest class, by a map key -> owner.
SlicesBy(map, txn) ==
    LET writes == IF txn \in DOMAIN txns THEN txns[txn].writes ELSE {}
    IN  [a \in {map[k] : k \in writes} |-> [k \in {j \in writes : map[j] = a} |-> "W"]]

SlicesWritten(txn) == SlicesBy(Owner, txn)

AllMoves == leaving \cup moving

\* The map as it is: keys that move are with whom they are given to.
MapNow ==
    [k \in Key |->
        IF \E a \in Adj : k \in owned[a] THEN CHOOSE a \in Adj : k \in owned[a]
        ELSE (CHOOSE m \in AllMoves : k \in m.keys).to]

\* Who only writes: without classes other than W.
Writers ==
    Beginners \/ \E txn \in Txn, leader \in Adj : AskNoted(txn, leader, SlicesWritten(txn))

\* A lock as strong as a write is to others like a write.
Weaker(txn, slices) ==
    IF txn \in DOMAIN txns
    THEN \A a \in DOMAIN slices : \A k \in DOMAIN slices[a] \ txns[txn].writes : slices[a][k] # "W"
    ELSE FALSE

\* The slices are those of the first owners.
ByFirstMap(slices) == \A a \in DOMAIN slices : \A k \in DOMAIN slices[a] : Owner[k] = a

\* Who also locks and relies on keys.
Accessors ==
    \/ Beginners
    \/ \E txn \in Txn, leader \in Adj, slices \in Slicings :
           Weaker(txn, slices) /\ ByFirstMap(slices) /\ AskNoted(txn, leader, slices)

\* Who asks does so by the first map, and again by the one of the moment.
AskersAgain ==
    \E txn, again \in Txn, leader \in Adj :
        AskAgainNoted(txn, again, leader, SlicesBy(MapNow, txn))

Movers ==
    \E by \in Adj :
        \/ DepartNoted(by) \/ InstallNoted(by) \/ ReturnNoted(by)
        \/ \E to \in Adj, keys \in SUBSET Key \ {{}}, ts \in Time : ReleaseNoted(by, to, keys, ts)

Readers == \E txn \in Txn, keys \in SUBSET Key \ {{}} : ReadNoted(txn, keys)

Endings ==
    \E txn \in Txn : \/ AcknowledgeNoted(txn) \/ CommitReadOnlyNoted(txn)
                     \/ AbortNoted(txn) \/ AbandonNoted(txn)

\* Statements that write rows as they were, or come after BEGIN.
Statements ==
    \/ \E txn \in Txn, keys \in SUBSET Key \ {{}} : WriteNoted(txn, {}, keys)
    \/ \E txn \in Txn : FirstStatementNoted(txn)

Judges ==
    \/ \E txn \in Txn, by \in Adj, until \in Time : VoteNoted(txn, by, until)
    \/ \E txn \in Txn, by \in Adj : RefuseNoted(txn, by)
    \/ \E txn \in Txn, ts \in Time : DecideNoted(txn, ts)
    \/ \E txn \in Txn, by \in Adj : DurableNoted(txn, by)

Holders == \E txn \in Txn, by \in Adj : ResolveNoted(txn, by) \/ ExpireNoted(txn, by)

Decliners == \E txn \in Txn, by \in Adj : DeclineNoted(txn, by)

Promisers == \E by \in Adj, upto \in Time : HeartbeatNoted(by, upto)

Successors ==
    \/ \E by \in Adj, until \in Time : Before(lease[by], until) /\ RenewNoted(by, until)
    \/ \E by \in Adj, at \in Time, kept \in SUBSET Txn : TakeoverNoted(by, at, kept)

\* Leases are given back.
Releasers == \E by \in Adj, until \in Time : Before(until, lease[by]) /\ RenewNoted(by, until)

Forgetters ==
    \/ \E by \in Adj, upto \in Time : ForgetNoted(by, upto)
    \/ \E upto \in Time : CollectNoted(upto)

NextNoted == TimePasses \/ Writers \/ Readers \/ Endings \/ Statements \/ Judges \/ Holders
                    \/ Decliners \/ Promisers \/ Successors \/ Releasers \/ Forgetters
                    \/ AskersAgain \/ Movers

-----------------------------------------------------------------------------
\* Every commit ever made.
Commits == Durables \cup collected

Underway == UNION {UnderwayAt(a) : a \in Adj}

\* INV: P10, P12, P14.  Whatever was lost, forgotten or left open in between, no
\* commit has another one after its start and at or before its own time with which an
\* access of it conflicts.  So of two concurrent writers of a key at most one commits.
FirstCommitterWins ==
    \A c, d \in Commits :
        (c.txn # d.txn /\ Before(c.start, d.ts) /\ AtMost(d.ts, c.ts)) =>
            ~Clash(accesses[d.txn], accesses[c.txn])

Filed == UNION {{<<a, r>> : r \in UnderwayAt(a) \cup InJournal(a)} : a \in Adj}

\* INV: P13.  A transaction has at most one record, in one journal, under whatever names
\* it was asked.
OneRecord == \A f, g \in Filed : Client(f[2].txn) = Client(g[2].txn) => f = g

\* INV: P9.  No key has two owners, and none is lost on the way.
OneJudge ==
    \A k \in Key :
        Cardinality({a \in Adj : k \in owned[a]}) + Cardinality({m \in AllMoves : k \in m.keys}) = 1

\* INV: P8.  Nothing of a transaction is anywhere before its client said COMMIT.
NothingBeforeCommit ==
    \A r \in Underway \cup Durables :
        r.txn \in DOMAIN txns => txns[r.txn].phase \in {"asked", "abandoned"}

\* INV: P2, P6.  What is promised stays true: no record under way lies at or below
\* it, and journals only grow above it.
PromisesKept ==
    /\ \A a \in Adj : \A r \in UnderwayAt(a) : Before(promise[a], r.ts)
    /\ \A m \in leaving : Before(promise[m.from], m.ts)

\* INV: P2, P12, P23.  Nothing is given, held or promised beyond the lease.
WithinLease ==
    /\ \A a \in Adj : AtMost(promise[a], lease[a])
    /\ \A a \in Adj : \A r \in UnderwayAt(a) : AtMost(r.ts, lease[a])
    /\ \A a \in Adj : \A t \in DOMAIN holds[a] : AtMost(holds[a][t].until, lease[a])

\* INV: P15.  An owner remembers only what can still refuse somebody.
NothingStale ==
    \A a \in Adj : \A k \in DOMAIN last[a] : \A c \in DOMAIN last[a][k] :
        Before(floor[a], last[a][k][c])

\* INV: P22.  Transactions stay small, and none commits that began before what
\* storage has forgotten.
LimitsKept ==
    /\ \A t \in DOMAIN txns : Cardinality(txns[t].writes) <= MaxWrites
    /\ \A r \in Underway : AtMost(base, r.start)

\* INV: P16.  What a client was told of its transaction is true for ever.
AnswersTrue ==
    /\ answered \subseteq {Client(c.txn) : c \in Commits}
    /\ refused \cap {Client(c.txn) : c \in Commits \cup Underway} = {}

\* INV: P7.  Nothing refuses a transaction that has written nothing.
ReadOnlyNeverFails ==
    \A t \in DOMAIN txns :
        (txns[t].phase = "running" /\ txns[t].writes = {}) => ENABLED CommitReadOnly(t)

\* What a snapshot at start holds of key k, of all commits ever made.
Visible(k, start) == {c \in Commits : k \in c.keys /\ AtMost(c.ts, start)}

\* INV: P4, P13.  A read returned what its snapshot holds, and would do so again at
\* any later time; only what had been forgotten before is not told apart.
ReadsOneSnapshot ==
    \A r \in watched :
        \/ /\ r.seen = Zero \/ \E c \in Visible(r.key, r.start) : c.ts = r.seen
           /\ \A c \in Visible(r.key, r.start) : AtMost(c.ts, r.seen)
        \/ /\ AtMost(r.seen, r.base)
           /\ \A c \in Visible(r.key, r.start) : AtMost(c.ts, r.base)

NewDurables == Durables' \ Durables

\* INV: P5, P6.  Nothing commits into a snapshot that has been read.
SnapshotStable == [][\A r \in NewDurables : Before(horizon, r.ts)]_varsNoted

\* INV: P13.  A commit is there with all its keys at once.
Atomic ==
    [][\A r \in NewDurables : r.txn \in DOMAIN txns => r.keys = txns[r.txn].writes]_varsNoted

\* INV: P1, P3, P23.  Who begins after an acknowledgement sees what was acknowledged.
RealTimeOrder ==
    [][\A t \in DOMAIN txns' \ DOMAIN txns : AtMost(acked, txns'[t].start)]_varsNoted

\* The transactions that are decided in a step.
Deciding == {t \in DOMAIN txns : txns[t].fate = "open" /\
                 \E r \in Underway' \ Underway : r.txn = t}

\* The owners that vote for t in a step, with what they were asked for.
Voting(t) ==
    IF t \in DOMAIN txns'
    THEN DOMAIN txns'[t].votes \ (IF t \in DOMAIN txns THEN DOMAIN txns[t].votes ELSE {}) ELSE {}

\* INV: P9, P11.  Who decides is the only one that was asked, or has the votes of all
\* others, and each was the owner of its keys when it said so.
AllOwnersAsked ==
    [][/\ \A t \in Deciding :
              /\ txns[t].writes \subseteq DOMAIN Accesses(t)
              /\ DOMAIN txns[t].votes \cup {txns[t].leader} = DOMAIN txns[t].slices
              /\ DOMAIN Slice(t, txns[t].leader) \subseteq owned[txns[t].leader]
       /\ \A t \in Txn : \A a \in Voting(t) : DOMAIN Slice(t, a) \subseteq owned[a]]_varsNoted

\* INV: P2, P12.  A commit time suits every vote, and exceeds the start.
TimesSuitVotes ==
    [][\A t \in Deciding, r \in Underway' :
           r.txn = t =>
               /\ Before(r.start, r.ts)
               /\ \A v \in DOMAIN txns[t].votes :
                      /\ Before(txns[t].votes[v].bound, r.ts)
                      /\ AtMost(r.ts, txns[t].votes[v].until)]_varsNoted

-----------------------------------------------------------------------------
(***************************************************************************)
(* Commit seen as rung 1: a version for every durable record that storage  *)
(* keeps, oldest first, and a transaction under way as its client knows    *)
(* it.  What was acknowledged and read is noted above, under the names     *)
(* that rung 1 gives it.                                                   *)
(***************************************************************************)
RECURSIVE InOrder(_)
InOrder(made) ==
    IF made = {} THEN << >>
    ELSE LET first == CHOOSE v \in made : \A w \in made : AtMost(v.ts, w.ts)
         IN  <<first>> \o InOrder(made \ {first})

Versions ==
    [k \in UNION {r.keys : r \in Durables} |->
        InOrder({[start |-> r.start, ts |-> r.ts] : r \in {d \in Durables : k \in d.keys}})]

Active ==
    LET there == {t \in DOMAIN txns : txns[t].phase # "over"}
        seen(t) == LET done == txns[t].fate = "committed"
                   IN  [start |-> txns[t].start, writes |-> txns[t].writes,
                        phase |-> IF txns[t].phase = "abandoned" THEN "abandoned"
                                  ELSE IF done THEN "committed" ELSE "running",
                        ts |-> IF done THEN txns[t].ts ELSE Zero]
    IN  [c \in {Client(t) : t \in there} |-> seen(CHOOSE t \in there : Client(t) = c)]

SI == INSTANCE SnapshotIsolation WITH versions <- Versions, active <- Active

\* REFINES: SnapshotIsolation.  Clients see strong snapshot isolation.
RefinesSnapshotIsolation == SI!Spec

-----------------------------------------------------------------------------
\* LIVENESS: P12, P14, P16.  Who has asked comes to an outcome, even if its leader
\* never acts again: the successor settles it.
OutcomesCome ==
    \A t \in Txn :
        (IF t \in DOMAIN txns THEN txns[t].fate = "decided" \/ IsOpen(t) ELSE FALSE)
            ~> (IF t \in DOMAIN txns THEN txns[t].fate \in {"committed", "aborted"} ELSE TRUE)

\* LIVENESS: P12, P14.  Every hold ends, even if nobody ever tells the outcome.
HoldsEnd ==
    \A t \in Txn : (\E a \in Adj : t \in DOMAIN holds[a]) ~> (\A a \in Adj : t \notin DOMAIN holds[a])

\* LIVENESS: P5, P6.  While leases last and adjudicators promise, every read is
\* answered: no transaction waits for ever.
ReadsAnswered ==
    \A t \in Txn :
        (t \in DOMAIN txns)
            ~> (IF t \in DOMAIN txns THEN CompleteTo(txns[t].start) ELSE TRUE)
=============================================================================
