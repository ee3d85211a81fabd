-------------------------- MODULE CrossRegionProps --------------------------
(***************************************************************************)
(* What must be true of CrossRegion.                                       *)
(*                                                                         *)
(* The spec keeps the log of every leader and what each knew to be         *)
(* durable, so no variable is needed that only watches.  An action `Noted' *)
(* is the action as it is explored: where several steps lead to the same,  *)
(* one of them is taken.                                                   *)
(***************************************************************************)
EXTENDS CrossRegion

Leading == {e \in led : durable[e] > 0}

\* The entries of an epoch's own that have a record.
OwnRecords(e) ==
    {i \in DOMAIN log[e] : log[e][i].epoch = e /\ log[e][i].record.txn # NoTxn}

-----------------------------------------------------------------------------
(***************************************************************************)
(* Names only tell transactions apart.  So Txn is 1 .. n in every model,   *)
(* and names are given out in order, each once: that loses no behaviour    *)
(* but those which differ by a renaming.                                   *)
(***************************************************************************)
Decided == UNION {{<<e, i>> : i \in OwnRecords(e)} : e \in led}

IsNextName(txn) == txn = Cardinality(Decided) + 1

\* A leader that has adopted needs no answer.
PromiseNoted(z, e) ==
    /\ e \notin led
    /\ Promise(z, e)

AdoptNoted(e, q, chosen, until) == Adopt(e, q, chosen, until)

GrantNoted(e, until) == Grant(e, until)

CommitNoted(e, txn, ts) == IsNextName(txn) /\ Commit(e, txn, ts)

HeartbeatNoted(e, upto) == Heartbeat(e, upto)

WriteNoted(z, e, upto) == Write(z, e, upto)

CutNoted(z, e, upto) == Cut(z, e, upto)

SyncNoted(z, upto) == Sync(z, upto)

\* To acknowledge more is to acknowledge less too.
AcknowledgeNoted(z, e, upto) ==
    /\ Acknowledge(z, e, upto)
    /\ ~Journal!Agree(held[z], e, upto + 1)

DurableNoted(e, q, upto) == Durable(e, q, upto)

CrashNoted(z) == Crash(z)

RestartNoted(z) == Restart(z)

PartNoted(side) == Part(side)

TickNoted(time) == Tick(time)

Elect ==
    \/ \E z \in Zone, e \in Epoch : PromiseNoted(z, e)
    \/ \E e \in Epoch, q \in Quorum, chosen \in replies, until \in Time :
           AdoptNoted(e, q, chosen, until)

Decide ==
    \/ \E e \in Epoch, until \in Time : GrantNoted(e, until)
    \/ \E e \in Epoch, txn \in Txn, ts \in Time : CommitNoted(e, txn, ts)
    \/ \E e \in Epoch, q \in Quorum : \E upto \in DOMAIN log[e] : DurableNoted(e, q, upto)

Announce == \E e \in Epoch, upto \in Time : HeartbeatNoted(e, upto)

Copy ==
    \/ \E z \in Zone, e \in Epoch : \E upto \in DOMAIN log[e] : WriteNoted(z, e, upto)
    \/ \E z \in Zone, e \in Epoch : \E upto \in {0} \cup DOMAIN log[e] : CutNoted(z, e, upto)
    \/ \E z \in Zone : \E upto \in 1 .. written[z].index : SyncNoted(z, upto)
    \/ \E z \in Zone, e \in Epoch : \E upto \in DOMAIN log[e] : AcknowledgeNoted(z, e, upto)

Fail == \E z \in Zone : CrashNoted(z) \/ RestartNoted(z)

Separate == \E side \in SUBSET Zone : PartNoted(side)

Pass == \E time \in Time : TickNoted(time)

NextNoted == Elect \/ Decide \/ Announce \/ Copy \/ Fail \/ Separate \/ Pass

SpecNoted == Init /\ [][NextNoted]_vars

-----------------------------------------------------------------------------
\* The first `index' entries of what position p stands for are those of epoch e.
Holds(p, e, index) ==
    index <= p.index /\ \A i \in 1 .. index : log[p.epoch][i] = log[e][i]

\* INV: P17, P18.  What a leader knew to be durable is in the log of every later
\* leader: all that is durable agrees.
AgreedPrefix ==
    \A e, f \in led :
        e < f => /\ durable[e] <= Len(log[f])
                 /\ \A i \in 1 .. durable[e] : log[f][i] = log[e][i]

\* INV: P17.  What was reported durable is on disk in every zone of a quorum, at
\* every moment: so it survives the loss of any one zone of three.
AcknowledgedSurvives ==
    \A e \in Leading : \E q \in Quorum : \A z \in q : Holds(held[z], e, durable[e])

\* INV: P18.  A zone never goes back to a lower epoch, not even after a crash, and
\* acknowledges nothing to its leader.
OneEpochAtATime ==
    [][\A z \in Zone :
           /\ promised[z] <= promised'[z]
           /\ \A e \in Epoch : acked[e][z] # acked'[e][z] => promised[z] <= e]_vars

\* INV: P20.  A zone holds what it has acknowledged to the leader it follows, and
\* nothing of another leader's in between.
NothingMerged ==
    \A z \in Zone, e \in Epoch : promised[z] = e => Holds(held[z], e, acked[e][z])

\* INV: P2.  Commit times increase in one epoch and from one epoch to the next,
\* those of lost records included.
TimesIncrease ==
    \A e, f \in led : \A i \in OwnRecords(e), j \in OwnRecords(f) :
        (e < f \/ (e = f /\ i < j)) => Before(TimeAt(e, i), TimeAt(f, j))

\* The leases of its own that a leader knows to be durable.
Leases(e) == {LeaseAt(e, i) : i \in {j \in 1 .. durable[e] : log[e][j].epoch = e}}

\* INV: P2, P6, P20, P23.  Nothing is given or promised beyond a lease that is
\* durable.  So who can make no lease durable any more comes to a stop.
WithinLeases ==
    \A e \in Leading :
        \A t \in {TimeAt(e, i) : i \in OwnRecords(e)} \cup {told[e]} :
            \E until \in Leases(e) : AtMost(t, until)

\* The leader of e decides a commit in this step.
Commits(e) ==
    /\ Len(log'[e]) = Len(log[e]) + 1
    /\ e \in led
    /\ log'[e][Len(log'[e])].record.txn # NoTxn

NewTime(e) == log'[e][Len(log'[e])].record.ts

\* INV: P2, P6, P19.  No commit is decided at or below a promise that this leader
\* made, or an earlier one.
PromiseKept ==
    [][\A e, f \in Epoch : (f <= e /\ Commits(e)) => Before(told[f], NewTime(e))]_vars

\* The entry at index of e is known to be durable by some leader.
Known(e, index) ==
    \E f \in led : index <= durable[f] /\ log[f][index] = log[e][index]

\* INV: P6.  When a record becomes known to be durable, no reader counts on its
\* time yet: a promise overtakes no entry under way, not even one that only the
\* next leader finds.
ReadersMissNothing ==
    [][\A e \in led : \A i \in durable[e] + 1 .. durable'[e] :
           (log[e][i].record.txn # NoTxn /\ ~Known(e, i)) =>
               \A f \in Epoch : Before(told[f], TimeAt(e, i))]_vars

\* INV: P19.  All that a leader gives or promises lies above every time that an
\* earlier one may have promised or may still promise.
AboveOldLeases ==
    \A e, f \in Leading : e < f =>
        \A t \in {TimeAt(f, i) : i \in OwnRecords(f)} \cup ({told[f]} \ {Zero}) :
            /\ Before(told[e], t)
            /\ ~WithinLease(e, t)

\* INV: P19.  When a leader has adopted a log, no earlier one decides anything any
\* more, though it may not know that it is none.
OneLeaderAtATime ==
    [][\A e, f \in Epoch : (e < f /\ f \in led) => ~Commits(e)]_vars

\* INV: P20.  A leader that hears no quorum makes nothing durable.
MinorityStops ==
    [][\A e \in led :
           durable'[e] # durable[e] => HearsOneOf(apart, Home[e], Quorum)]_vars

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must happen.  Nobody asks for an epoch above the last, and its     *)
(* leader, the zones and time itself do not stall for ever.  Of earlier    *)
(* leaders nothing is asked.  In the models one zone at most is lost, or   *)
(* cut off, and not that of the last leader: were it that one, another     *)
(* would ask for a higher epoch and be the last.                           *)
(***************************************************************************)
Last == CHOOSE e \in Epoch : \A f \in Epoch : f <= e

Receive(z) ==
    \/ \E upto \in DOMAIN log[Last] : WriteNoted(z, Last, upto)
    \/ \E upto \in {0} \cup DOMAIN log[Last] : CutNoted(z, Last, upto)

Fair(z) ==
    /\ WF_vars(PromiseNoted(z, Last))
    /\ WF_vars(Receive(z))
    /\ WF_vars(\E upto \in 1 .. written[z].index : SyncNoted(z, upto))
    /\ WF_vars(\E upto \in DOMAIN log[Last] : AcknowledgeNoted(z, Last, upto))

FairSpec ==
    /\ SpecNoted
    /\ \A z \in Zone : Fair(z)
    /\ WF_vars(\E q \in Quorum, chosen \in replies, until \in Time :
                   AdoptNoted(Last, q, chosen, until))
    /\ WF_vars(\E q \in Quorum : \E upto \in DOMAIN log[Last] : DurableNoted(Last, q, upto))
    /\ WF_vars(Pass)

\* LIVENESS: P18, P19, P20.  The majority goes on: a new leader gets a lease.
MajorityGoesOn == <>(Last \in Leading)

\* LIVENESS: P17, P20.  What the last leader appends becomes durable.  (A model
\* bounds how much it appends, so there comes a time when all of it is.)
BecomesDurable == []<>(durable[Last] = Len(log[Last]))

\* LIVENESS: P20.  A zone that can be heard again catches up.
CatchesUp ==
    (apart = {} /\ up = Zone) ~>
        (\/ apart # {} \/ up # Zone
         \/ Last \in Leading /\ \A z \in Zone : Holds(held[z], Last, durable[Last]))

-----------------------------------------------------------------------------
(***************************************************************************)
(* The journal is a durable log.  Its owner is the leader of the highest   *)
(* epoch that has its seal durable.                                        *)
(***************************************************************************)
Owner == CHOOSE e \in Leading : \A f \in Leading : f <= e

Records(e, from, upto) ==
    {[txn |-> log[e][i].record.txn, ts |-> TimeAt(e, i)] :
        i \in {j \in from .. upto : log[e][j].record.txn # NoTxn}}

Greatest(times) ==
    CHOOSE t \in times \cup {Zero} : \A u \in times : AtMost(u, t)

Least(times) == CHOOSE t \in times : \A u \in times : AtMost(t, u)

Log ==
    INSTANCE DurableLog WITH
        journal   <- IF Leading = {} THEN {} ELSE Records(Owner, 1, durable[Owner]),
        appending <- IF Leading = {} THEN {}
                     ELSE Records(Owner, durable[Owner] + 1, Len(log[Owner])),
        latest    <- IF Leading = {} THEN Zero
                     ELSE Greatest({Floor(Owner), told[Owner]}
                                   \cup {TimeAt(Owner, i) : i \in OwnRecords(Owner)}),
        promise   <- Greatest({told[e] : e \in Epoch}),
        lease     <- IF Leading = {} THEN Zero
                     ELSE Least({LeaseAt(Owner, i) :
                                    i \in durable[Owner] .. Len(log[Owner])})

\* REFINES: DurableLog.  Seen from outside the zones are one durable log.
RefinesDurableLog == Log!Spec

\* REFINES: Takeover.  The journal is written and taken over as Takeover says.
RefinesTakeover == Journal!Spec

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must be possible.  Each is stated as its contrary; a model shows   *)
(* the contrary to be wrong.                                               *)
(***************************************************************************)

\* A record that its leader did not know to be durable survives a takeover.
NeverSurvives ==
    ~\E e, f \in Leading : \E i \in OwnRecords(e) :
         e < f /\ durable[e] < i /\ i <= durable[f] /\ log[f][i] = log[e][i]

\* A record is lost in a takeover, and the next leader makes one durable.
NeverLost ==
    ~\E e, f \in Leading : \E i \in OwnRecords(e), j \in OwnRecords(f) :
         e < f /\ j <= durable[f] /\ (i <= Len(log[f]) => log[f][i] # log[e][i])

\* A leader that has a successor still makes a promise.
NeverPromisesLate ==
    [][\A e, f \in Leading : e < f => told'[e] = told[e]]_vars

\* A leader opens although a lease that an earlier one had in use has run out by nobody's
\* clock: that one gave it back.
NeverHandedOver ==
    ~\E e, f \in Leading :
         e < f /\ \E until \in Leases(e) : ~MayShowPassed(now, until)

\* The zone of an earlier leader is down, and a later one commits.
NeverWithoutRegion ==
    ~\E e, f \in Leading :
         e < f /\ Home[e] \notin up /\ \E i \in OwnRecords(f) : i <= durable[f]

\* The disk has a part of what a zone wrote since it last said what it had, and
\* a crash takes the rest.
NeverTorn ==
    [][\A z \in Zone :
           written'[z].index < written[z].index =>
               \A e \in Epoch : held[z].index <= acked[e][z] \/ promised[z] # e]_vars

\* A zone drops entries that it had on disk.
NeverDropped ==
    [][\A z \in Zone : \A i \in 1 .. held[z].index :
           /\ i <= held'[z].index
           /\ log'[held'[z].epoch][i] = log[held[z].epoch][i]]_vars
=============================================================================
