-------------------------- MODULE MCTakeoverBroken --------------------------
(***************************************************************************)
(* Takeover with one rule dropped.  Each definition below replaces one of  *)
(* the spec in one model (a line such as `Longer <- LongerNever' in its    *)
(* configuration) and breaks one property; the manifest says which.        *)
(***************************************************************************)
EXTENDS MCTakeover

\* P17: one zone of the quorum is enough.
DurableOnOneZone(epoch, quorum, upto) ==
    /\ Own(epoch, upto)
    /\ durable[epoch] < upto
    /\ \E z \in quorum : upto <= acked[epoch][z]
    /\ durable' = [durable EXCEPT ![epoch] = upto]
    /\ UNCHANGED <<promised, written, held, led, log, replies, acked>>

\* P17: acknowledged when it is written, and not when it is on disk.
AcknowledgeWritten(zone, epoch, upto) ==
    /\ epoch \in led
    /\ promised[zone] = epoch
    /\ acked[epoch][zone] < upto
    /\ Agree(written[zone], epoch, upto)
    /\ acked' = [acked EXCEPT ![epoch][zone] = upto]
    /\ UNCHANGED <<promised, written, held, led, log, replies, durable>>

\* P17: a cut removes from memory only.
CutWrittenOnly(zone, epoch, upto) ==
    /\ epoch \in led
    /\ promised[zone] <= epoch
    /\ Agree(written[zone], epoch, upto)
    /\ upto < written[zone].index
    /\ upto < Len(log[epoch])
    /\ ~Agree(written[zone], epoch, upto + 1)
    /\ promised' = [promised EXCEPT ![zone] = epoch]
    /\ written' = [written EXCEPT ![zone] = PositionIn(epoch, upto)]
    /\ UNCHANGED <<held, led, log, replies, acked, durable>>

\* P18: any log will do.
LongerNever(a, b) == FALSE

\* P18: the shortest log is adopted.
LongerShortest(a, b) ==
    \/ a.epoch < b.epoch
    \/ a.epoch = b.epoch /\ a.index < b.index

\* P18: most entries, whatever their epochs.
LongerIndexOnly(a, b) == b.index < a.index

\* P18: a zone that has promised a higher epoch acknowledges a lower one.
AcknowledgeLower(zone, epoch, upto) ==
    /\ epoch \in led
    /\ acked[epoch][zone] < upto
    /\ Agree(held[zone], epoch, upto)
    /\ acked' = [acked EXCEPT ![epoch][zone] = upto]
    /\ UNCHANGED <<promised, written, held, led, log, replies, durable>>

\* P18: a zone that has promised a higher epoch writes what a lower one sends.
WriteLower(zone, epoch, upto) ==
    /\ epoch \in led
    /\ Agree(written[zone], epoch, written[zone].index)
    /\ written[zone].index < upto
    /\ upto <= Len(log[epoch])
    /\ promised' = [promised EXCEPT ![zone] = IF @ < epoch THEN epoch ELSE @]
    /\ written' = [written EXCEPT ![zone] = PositionIn(epoch, upto)]
    /\ UNCHANGED <<held, led, log, replies, acked, durable>>

\* P18: the promise is in memory only.
CrashForgetsPromise(zone) ==
    /\ written' = [written EXCEPT ![zone] = held[zone]]
    /\ promised' = [promised EXCEPT ![zone] = 0]
    /\ UNCHANGED <<held, led, log, replies, acked, durable>>

\* P18: what a quorum has is durable, be it of an older epoch.
DurableNoSeal(epoch, quorum, upto) ==
    /\ durable[epoch] < upto
    /\ \A z \in quorum : upto <= acked[epoch][z]
    /\ durable' = [durable EXCEPT ![epoch] = upto]
    /\ UNCHANGED <<promised, written, held, led, log, replies, acked>>

\* P18: a leader appends at once.
AppendRecordUnsealed(epoch, record) ==
    /\ epoch \in led
    /\ log' = [log EXCEPT ![epoch] = @ \o <<[epoch |-> epoch, record |-> record]>>]
    /\ UNCHANGED <<promised, written, held, led, replies, acked, durable>>

\* P18: an epoch is led again, by another.
AdoptTwice(epoch, quorum, chosen, seal) ==
    /\ \A z \in quorum : epoch <= promised[z]
    /\ led' = led \cup {epoch}
    /\ log' = [log EXCEPT ![epoch] =
                   UpTo(chosen.held) \o <<[epoch |-> epoch, record |-> seal]>>]
    /\ UNCHANGED <<promised, written, held, replies, acked, durable>>

\* The types: a promise of an epoch that there is not.
PromiseForEver(zone, epoch) ==
    /\ promised[zone] <= epoch
    /\ promised' = [promised EXCEPT ![zone] = epoch + 1]
    /\ UNCHANGED <<written, held, led, log, replies, acked, durable>>

\* P18, P20: what was passed over stays, and nothing can follow it.
CutNever(zone, epoch, upto) == FALSE

\* P20: a promise of every zone.
AdoptOfAll(epoch, quorum, chosen, seal) ==
    /\ epoch \notin led
    /\ chosen.epoch = epoch
    /\ \A z \in Zone : \E r \in replies :
           /\ r.epoch = epoch
           /\ r.zone = z
           /\ ~Longer(r.held, chosen.held)
    /\ led' = led \cup {epoch}
    /\ log' = [log EXCEPT ![epoch] =
                   UpTo(chosen.held) \o <<[epoch |-> epoch, record |-> seal]>>]
    /\ replies' = {r \in replies : r.epoch # epoch}
    /\ UNCHANGED <<promised, written, held, acked, durable>>

(***************************************************************************)
(* Two leaders have each got their seal onto one disk and were passed      *)
(* over; a third, which has seen the first's only, has just adopted.  To   *)
(* begin here saves the model the steps that lead here.                    *)
(***************************************************************************)
Seal(e) == [epoch |-> e, record |-> CHOOSE r \in Record : TRUE]

InitPassedOver ==
    \E a, b, c \in Zone :
        /\ Cardinality({a, b, c}) = 3
        /\ promised = (a :> 3 @@ b :> 2 @@ c :> 3)
        /\ held = (a :> [epoch |-> 1, index |-> 1] @@ b :> [epoch |-> 2, index |-> 1] @@ c :> Nowhere)
        /\ written = held
        /\ led = {1, 2, 3}
        /\ log = << <<Seal(1)>>, <<Seal(2)>>, <<Seal(1), Seal(3)>>, << >> >>
        /\ replies = {}
        /\ acked = [e \in Epoch |-> [z \in Zone |-> 0]]
        /\ durable = [e \in Epoch |-> 0]

\* A leader has appended more than it made durable, another has taken over
\* without it and made its own seal durable.  To begin here saves steps, too.
InitOvertaken ==
    \E a, b, c \in Zone :
        /\ Cardinality({a, b, c}) = 3
        /\ promised = (a :> 1 @@ b :> 2 @@ c :> 2)
        /\ held = (a :> [epoch |-> 1, index |-> 2] @@ b :> [epoch |-> 2, index |-> 2]
                        @@ c :> [epoch |-> 2, index |-> 2])
        /\ written = held
        /\ led = {1, 2}
        /\ log = << <<Seal(1), Seal(1)>>, <<Seal(1), Seal(2)>>, << >> >>
        /\ replies = {}
        /\ acked = << a :> 1 @@ b :> 1 @@ c :> 0, a :> 0 @@ b :> 2 @@ c :> 2,
                      a :> 0 @@ b :> 0 @@ c :> 0 >>
        /\ durable = <<1, 2, 0>>
=============================================================================
