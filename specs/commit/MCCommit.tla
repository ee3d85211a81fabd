------------------------------ MODULE MCCommit ------------------------------
(***************************************************************************)
(* The models of Commit: one key for each adjudicator, and small worlds    *)
(* each of which looks at one subject closely.                             *)
(***************************************************************************)
EXTENDS CommitProps

CONSTANTS
    Horizon,            \* the greatest time
    a1, a2, k1, k2, k3  \* adjudicators and keys (k3 only where there are no symmetries)

MCTime == 1 .. Horizon

MCOwner == (k1 :> a1) @@ (k2 :> a2) @@ (k3 :> a1)

\* All accesses are writes that conflict with each other, but in the models of classes.
WritesOnly == {"W"}
SharedToo == {"W", "S"}
ValidatedToo == {"W", "R"}

\* Nothing tells the adjudicators apart but their keys, and no property names any: to
\* exchange both at once turns a behaviour into a behaviour.
Alike == {[v \in {a1, a2, k1, k2} |-> v],
          (a1 :> a2) @@ (a2 :> a1) @@ (k1 :> k2) @@ (k2 :> k1)}

\* Leases last for ever, in the models without Successors.
InitLeased == InitWith([a \in Adj |-> Horizon]) /\ InitNotes

\* Who begins with a lease loses no behaviour but the wait for the first one.
InitLeases == InitWith([a \in Adj |-> 2]) /\ InitNotes

-----------------------------------------------------------------------------
(***************************************************************************)
(* Votes and holds alone.  Promises and reads only forbid commit times,    *)
(* and without a promise every time may still be chosen; so no meeting of  *)
(* writers is lost.                                                        *)
(***************************************************************************)
NextVotes == TimePasses \/ Writers \/ Endings \/ Judges \/ Holders \/ Decliners

\* The same without what clients hear of it, which changes nothing for the owners.
NextMeet == Writers \/ Judges \/ Holders

\* Accesses of other classes, too.
NextClasses == Accessors \/ Judges \/ Holders

(***************************************************************************)
(* Reads and promises.  Time need not pass: a start may lie ahead of the   *)
(* clock anyway, and nothing here waits for a time to pass.                *)
(***************************************************************************)
NextReads == Writers \/ Readers \/ Judges \/ Promisers

(***************************************************************************)
(* Clocks outside their bound (P3): a start lies anywhere, and a lease, a  *)
(* hold or a commit wait ends at any moment.  So time need not pass here   *)
(* either, and nothing that clocks within their bound allow is lost.       *)
(***************************************************************************)
Anytime(time, t) == TRUE

NextTakeover == NextMeet \/ Successors

\* Time passes here only for the sake of acknowledgements, and leases end anytime.
NextSuccession == NextTakeover \/ Releasers \/ Endings \/ TimePasses

\* The lease of one adjudicator is longer than that of the other, who is lost.
InitUneven == InitWith((a1 :> Horizon) @@ (a2 :> Horizon - 1)) /\ InitNotes

NextVoterLost ==
    \/ Writers \/ Judges
    \/ \E time \in Time : RenewNoted(a2, time) \/ TakeoverNoted(a2, time, {})

(***************************************************************************)
(* Forgetting, by adjudicators and by storage.  An owner that forgets acts *)
(* alone, and storage looks at transactions one by one.                    *)
(***************************************************************************)
NextForget == Writers \/ Endings \/ Judges \/ Forgetters

(***************************************************************************)
(* Key k1 moves from a1 to a2, once, while the first transaction writes    *)
(* both keys and others k1.  Who asks does so by the first map, and again  *)
(* by that of the moment when an owner answers that a key is not its own.  *)
(* Expiry at any moment, as above.                                         *)
(***************************************************************************)
WritesBoth(txn) == IF txn = 1 THEN {k1, k2} ELSE {k1}

BothWritten(txn) == InPhase(txn, {"running"}) /\ WriteNoted(txn, WritesBoth(txn), {})

Redirected(txn, by) ==
    /\ IF txn \in DOMAIN txns THEN by \in DOMAIN txns[txn].slices /\ ~OwnsSlice(txn, by) ELSE FALSE
    /\ DeclineNoted(txn, by)

MovedOnce(ts) == k1 \in owned[a1] /\ ReleaseNoted(a1, a2, {k1}, ts)

NextMoves ==
    \/ \E txn \in Txn : BeginNoted(txn, 1)
    \/ \E txn \in Txn : BothWritten(txn)
    \/ \E txn \in Txn, leader \in Adj : AskNoted(txn, leader, SlicesWritten(txn))
    \/ \E txn \in Txn, by \in Adj : Redirected(txn, by)
    \/ AskersAgain \/ Judges \/ Holders
    \/ \E ts \in Time : MovedOnce(ts)
    \/ DepartNoted(a1) \/ InstallNoted(a2) \/ ReturnNoted(a1)

\* And clients are told of aborts.
NextMovesTold == NextMoves \/ \E txn \in Txn : AbortNoted(txn)

\* And the old owner is lost, or the new one.
NextMovesLost ==
    \/ NextMoves
    \/ \E by \in Adj, at \in Time, kept \in SUBSET Txn : TakeoverNoted(by, at, kept)

\* The first transaction writes k3 and relies on k1, which moves; the other writes k1.
NextRelied ==
    \/ \E txn \in Txn : BeginNoted(txn, 1)
    \/ \E txn \in Txn :
           InPhase(txn, {"running"}) /\ WriteNoted(txn, IF txn = 1 THEN {k3} ELSE {k1}, {})
    \/ AskNoted(1, a1, a1 :> ((k1 :> "R") @@ (k3 :> "W")))
    \/ \E txn \in Txn \ {1} : AskNoted(txn, a2, a2 :> (k1 :> "W"))
    \/ Judges
    \/ \E ts \in Time : MovedOnce(ts)
    \/ DepartNoted(a1) \/ InstallNoted(a2)

\* Every action, but what is promised and forgotten goes up to the end at once.
NextAll ==
    \/ NextVotes \/ Readers \/ Statements \/ Successors
    \/ \E by \in Adj : HeartbeatNoted(by, Horizon) \/ ForgetNoted(by, Horizon)
    \/ CollectNoted(Horizon)

\* Votes, holds, reads and promises together, for a long night.
NextNightly == NextReads \/ Holders

(***************************************************************************)
(* Random behaviours.  Who chooses among all times and keys hardly ever    *)
(* commits; so here leases, holds and promises last about two ticks, as    *)
(* they do where somebody wants to get on, and one statement writes.       *)
(***************************************************************************)
Soon(time) == time \in now .. now + 2

NextSimulated ==
    \/ \E to \in Time : to = now + 1 /\ TickNoted(to)
    \/ \E txn \in Txn, start \in Time : Soon(start) /\ BeginNoted(txn, start)
    \/ \E txn \in Txn, keys \in SUBSET Key \ {{}} :
           (IF InPhase(txn, {"running"}) THEN txns[txn].writes = {} ELSE FALSE)
           /\ WriteNoted(txn, keys, {})
    \/ \E txn \in Txn, leader \in Adj : AskNoted(txn, leader, SlicesWritten(txn))
    \/ \E txn \in Txn, k \in Key : ReadNoted(txn, {k})
    \/ \E txn \in Txn, by \in Adj, until \in Time : Soon(until) /\ VoteNoted(txn, by, until)
    \/ \E txn \in Txn, by \in Adj : RefuseNoted(txn, by) \/ DurableNoted(txn, by)
    \/ \E txn \in Txn, ts \in Time : Soon(ts) /\ DecideNoted(txn, ts)
    \/ \E by \in Adj, upto \in Time : Soon(upto) /\ HeartbeatNoted(by, upto)
    \/ \E by \in Adj, until \in Time : until = now + 2 /\ RenewNoted(by, until)
    \/ \E by \in Adj, kept \in SUBSET Txn : TakeoverNoted(by, now, kept)
    \/ \E by \in Adj, upto \in Time : upto = now - 1 /\ ForgetNoted(by, upto)
    \/ \E upto \in Time : upto = now - 2 /\ CollectNoted(upto)
    \/ Endings \/ Holders

\* Statements that change nothing, and those that come after BEGIN.
NextOther == TimePasses \/ Writers \/ Endings \/ Statements \/ Judges


-----------------------------------------------------------------------------
(***************************************************************************)
(* Liveness.  Time ends in a model, and so does every lease: Horizon + 1   *)
(* is a time at which all of them have run out, and it comes.  Beside time *)
(* only voters need act, by themselves (SpecExpiring), and successors      *)
(* (SpecSucceeding): nobody need hear anything from anybody.               *)
(***************************************************************************)
TheEnd == TickNoted(Horizon + 1)

Succeed(by) == \E at \in Time, kept \in SUBSET Txn : TakeoverNoted(by, at, kept)

SpecExpiring ==
    /\ InitLeases
    /\ [][NextTakeover \/ Decliners \/ TheEnd]_varsNoted
    /\ WF_varsNoted(TheEnd)
    /\ \A t \in Txn, a \in Adj : WF_varsNoted(ExpireNoted(t, a))

SpecSucceeding == SpecExpiring /\ \A a \in Adj : WF_varsNoted(Succeed(a))

SpecNoHeartbeat ==
    /\ InitLeased
    /\ [][NextReads]_varsNoted
    /\ \A t \in Txn, a \in Adj : WF_varsNoted(DurableNoted(t, a))

SpecReads ==
    SpecNoHeartbeat /\ \A a \in Adj : WF_varsNoted(\E upto \in Time : HeartbeatNoted(a, upto))

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must be possible.  Each is stated as its contrary; a model shows   *)
(* the contrary to be wrong.                                               *)
(***************************************************************************)
\* Each of two concurrent transactions reads what the other one writes.
NeverWriteSkew ==
    ~\E c, d \in Commits, r, q \in watched :
         /\ c.keys \cap d.keys = {}
         /\ r.txn = c.txn /\ r.key \in d.keys /\ Before(r.start, d.ts)
         /\ q.txn = d.txn /\ q.key \in c.keys /\ Before(q.start, c.ts)

\* Each of two transactions holds a key that the other one needs, and both fail.
NeverBothLose ==
    ~\E t, u \in DOMAIN txns :
         /\ t # u
         /\ txns[t].fate = "aborted" /\ txns[u].fate = "aborted"
         /\ UNION {DOMAIN holds[a] : a \in Adj} = {t, u}

\* Two concurrent transactions lock the same key so that others may lock it too, and
\* both commit.
NeverShared ==
    ~\E c, d \in Commits : \E k \in DOMAIN accesses[c.txn] \cap DOMAIN accesses[d.txn] :
         c.txn # d.txn /\ Before(c.start, d.ts) /\ Before(d.start, c.ts)

\* A vote outlives the voter: the transaction is decided when the hold is lost.
NeverVoteOutlivesVoter ==
    ~\E r \in Underway : \E a \in OwnersOf(r.keys) :
         AtMost(r.ts, floor[a]) /\ r.txn \notin DOMAIN holds[a]

\* A read waits, and rightly: something under way belongs into its snapshot.
NeverReadWaits ==
    ~\E t \in DOMAIN txns, r \in Underway :
         txns[t].phase = "running" /\ AtMost(r.ts, txns[t].start)

\* A promise ahead of the clock makes a commit time lie ahead of it, too.
NeverAheadOfClock ==
    ~\E a \in Adj : \E r \in UnderwayAt(a) : Before(now, promise[a]) /\ Before(promise[a], r.ts)

\* A read finds the watermark already at a start that the clock has not passed.
NeverReadAtOnce ==
    ~\E t \in DOMAIN txns : AtMost(now, txns[t].start) /\ CompleteTo(txns[t].start)

\* A client that stopped waiting has committed all the same.
NeverCommittedUnheard ==
    ~\E c \in Commits : c.txn \notin answered /\ c.txn \notin DOMAIN txns

\* A commit comes to light when a later one of the same key is there already.
NeverOutOfOrder ==
    ~\E r \in Underway, c \in Commits : r.keys \cap c.keys # {} /\ Before(r.ts, c.ts)

\* A key moves while a transaction of two owners is under way, which is asked again
\* and commits.
NeverMovedUnderWay ==
    ~\E c \in Commits : c.txn \in DOMAIN renamed /\ Cardinality(c.keys) = 2

\* The new owner meets a conflict that the old one remembered.
NeverConflictMoved ==
    ~\E t \in DOMAIN txns, a \in Adj : \E k \in owned[a] :
         /\ Owner[k] # a
         /\ a \in txns[t].silent
         /\ IF k \in DOMAIN Slice(t, a) THEN Before(txns[t].start, LastOf(a, k, "W")) ELSE FALSE
         /\ \A c \in Commits : c.txn # t /\ k \in c.keys => c.txn \notin DOMAIN journal[a]

\* What was acknowledged between BEGIN and the first statement is not in the snapshot.
NeverMissedSinceBegin ==
    ~\E t \in DOMAIN txns : txns[t].phase = "begun" /\ Before(txns[t].start, acked)
=============================================================================
