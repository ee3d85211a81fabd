-------------------------- MODULE TraceCrossRegion --------------------------
(***************************************************************************)
(* CrossRegion as it is compared with recorded runs: names are strings,    *)
(* times are microseconds since 1970 written as <<seconds, microseconds>>. *)
(*                                                                         *)
(* How many epochs there will be is not known, so what a leader has is     *)
(* there for those that lead, and Adopt adds it.                           *)
(*                                                                         *)
(* True time is not logged: before a log is adopted comes a tick to the    *)
(* earliest end of the candidate's own clock (see TraceCommit).  Who can   *)
(* hear whom is not logged either: who was heard was in reach.             *)
(*                                                                         *)
(* Disks spoil what they hold: what becomes of the zone then is Damage's.  *)
(* A zone that lacks what the others have trimmed begins after that, and   *)
(* is taken to have it: see Trimming.                                      *)
(***************************************************************************)
EXTENDS CrossRegion, TLC

VARIABLES
    doubtful,   \* of Damage
    target      \* of Damage

Disks == INSTANCE Damage WITH Record <- Payload

TraceTxn   == STRING
TraceNoTxn == ""
TraceTime  == Nat \X Nat
TraceZero  == <<0, 0>>
TraceEpoch == Nat \ {0}

\* The zones of a cluster with one region, and with two and a witness.
OneRegion  == {"A1", "A2", "A3"}
TwoRegions == {"A1", "B1", "W1"}
TraceZone  == OneRegion \cup TwoRegions

TwoOrMore(zones) == {q \in SUBSET zones : Cardinality(q) > 1}
TraceQuorum == TwoOrMore(OneRegion) \cup TwoOrMore(TwoRegions)

TraceHome == [e \in Epoch |-> "A1"]

AtStart == [epoch |-> 0, index |-> 0]

TraceInit ==
    /\ promised = [z \in Zone |-> 0]
    /\ written = [z \in Zone |-> AtStart]
    /\ held = [z \in Zone |-> AtStart]
    /\ led = {} /\ replies = {}
    /\ log = << >> /\ acked = << >> /\ durable = << >> /\ told = << >>
    /\ up = Zone /\ apart = {}
    /\ now = Zero
    /\ doubtful = {}
    /\ target = [z \in Zone |-> AtStart]

\* What no step of CrossRegion's own changes that is not of the journal.
restVars == <<up, apart, now, doubtful, target>>

-----------------------------------------------------------------------------
\* Times increase from record to record, so the last one is the greatest.
RECURSIVE LastGivenBefore(_, _)
LastGivenBefore(e, i) ==
    IF i = 0 THEN Zero
    ELSE IF log[e][i].record.txn # NoTxn THEN TimeAt(e, i)
    ELSE LastGivenBefore(e, i - 1)

LastGiven(e) == LastGivenBefore(e, Len(log[e]))

AboveLast(epoch, time) == Before(LastGiven(epoch), time)

CoversLast(epoch, time) == AtMost(LastGiven(epoch), time)

\* Epochs never fall from entry to entry, and the last one is the leader's own.
RECURSIVE FirstOwn(_, _, _)
FirstOwn(e, low, high) ==
    IF low = high THEN low
    ELSE LET middle == (low + high) \div 2
         IN  IF log[e][middle].epoch = e THEN FirstOwn(e, low, middle)
             ELSE FirstOwn(e, middle + 1, high)

SealFound(e) == FirstOwn(e, 1, Len(log[e]))

-----------------------------------------------------------------------------
\* A zone in doubt tells a would-be leader nothing, but it hears one that leads.
PromiseLogged(zone, epoch) ==
    /\ zone \in up
    /\ zone \in doubtful => epoch \in led \/ promised[zone] = epoch
    /\ promised[zone] <= epoch
    /\ promised' = [promised EXCEPT ![zone] = epoch]
    /\ replies' = IF epoch \in led \/ zone \in doubtful THEN replies
                  ELSE replies \cup {[epoch |-> epoch, zone |-> zone, held |-> held[zone]]}
    /\ UNCHANGED <<written, held, led, log, acked, durable, told, restVars>>

AdoptLogged(epoch, quorum, chosen, until) ==
    /\ Over(chosen)
    /\ AtMost(LeaseFound(chosen), until)
    /\ epoch \notin led
    /\ chosen \in replies
    /\ chosen.epoch = epoch
    /\ \A z \in quorum : \E r \in replies :
           /\ r.epoch = epoch
           /\ r.zone = z
           /\ ~Journal!Longer(r.held, chosen.held)
    /\ led' = led \cup {epoch}
    /\ log' = (epoch :> (Journal!UpTo(chosen.held)
                         \o <<[epoch |-> epoch, record |-> LeaseAlone(until)]>>)) @@ log
    /\ told' = (epoch :> Zero) @@ told
    /\ acked' = (epoch :> [z \in Zone |-> 0]) @@ acked
    /\ durable' = (epoch :> 0) @@ durable
    /\ replies' = {r \in replies : r.epoch # epoch}
    /\ UNCHANGED <<promised, written, held, restVars>>

\* A zone that has started again does not know what it said, and says it again.
AcknowledgeLogged(zone, epoch, upto) ==
    /\ zone \in up
    /\ zone \notin doubtful
    /\ promised[zone] = epoch
    /\ Journal!Agree(held[zone], epoch, upto)
    /\ acked' = IF acked[epoch][zone] < upto THEN [acked EXCEPT ![epoch][zone] = upto] ELSE acked
    /\ UNCHANGED <<promised, written, held, led, log, replies, durable, told, restVars>>

CrashLogged(zone) ==
    /\ zone \in up
    /\ up' = up \ {zone}
    /\ written' = [written EXCEPT ![zone] = held[zone]]
    /\ UNCHANGED <<promised, held, led, log, replies, acked, durable, told, apart, now,
                   doubtful, target>>

RestartLogged(zone) ==
    /\ zone \notin up
    /\ up' = up \cup {zone}
    /\ UNCHANGED <<journalVars, told, apart, now, doubtful, target>>

TickLogged(time) ==
    /\ now' = Later(now, time)
    /\ UNCHANGED <<journalVars, told, up, apart, doubtful, target>>

NoPart(side) == FALSE

-----------------------------------------------------------------------------
\* What was damaged may be nothing that was acknowledged: a voucher, say.
Spoil(zone, upto) ==
    /\ doubtful \subseteq {zone}
    /\ upto <= held[zone].index
    /\ held' = [held EXCEPT ![zone] = Journal!PositionIn(held[zone].epoch, upto)]
    /\ written' = [written EXCEPT ![zone] = held'[zone]]
    /\ doubtful' = {zone}
    /\ target' = [target EXCEPT ![zone] = AtStart]
    /\ UNCHANGED <<promised, led, log, replies, acked, durable, told, up, apart, now>>

\* Who asks twice goes by the first answer that comes; and may have what it needs before
\* the second question is heard.
Tell(zone, epoch) ==
    IF zone \in doubtful /\ promised[zone] = epoch /\ target[zone].epoch # epoch
    THEN Disks!Tell(zone, epoch) /\ UNCHANGED <<told, up, apart, now>>
    ELSE promised[zone] >= epoch /\ UNCHANGED <<vars, doubtful, target>>

Mend(zone) == Disks!Mend(zone) /\ UNCHANGED <<told, up, apart, now>>

\* One step for a Cut, a Write and a Sync of what is durable and was trimmed.
BeginAfter(zone, epoch, upto) ==
    /\ zone \in up
    /\ promised[zone] <= epoch
    /\ \E e \in led : upto <= durable[e]
    /\ promised' = [promised EXCEPT ![zone] = epoch]
    /\ written' = [written EXCEPT ![zone] = Journal!PositionIn(epoch, upto)]
    /\ held' = [held EXCEPT ![zone] = Journal!PositionIn(epoch, upto)]
    /\ UNCHANGED <<led, log, replies, acked, durable, told, restVars>>

NextLogged ==
    \/ Next
    \/ \E z \in Zone : \E upto \in 0 .. held[z].index : Spoil(z, upto)
    \/ \E z \in Zone, e \in led : Tell(z, e)
    \/ \E z \in Zone : Mend(z)
    \/ \E z \in Zone, e \in led : \E upto \in DOMAIN log[e] : BeginAfter(z, e, upto)

TraceSpec == TraceInit /\ [][NextLogged]_<<vars, doubtful, target>>
=============================================================================
