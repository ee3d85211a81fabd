------------------------------- MODULE Damage -------------------------------
(***************************************************************************)
(* Rung 4, beside CrossRegion.  The journal of Takeover when a disk spoils *)
(* what it holds: a zone finds that entries are gone which it had          *)
(* acknowledged.                                                           *)
(*                                                                         *)
(* A crash is another thing: it takes what was not on disk, and nobody was *)
(* ever told of that.  What a zone has acknowledged it has vouched for,    *)
(* and so it knows that something is gone, but not what: it is in doubt.   *)
(* It then promises nothing, for a would-be leader takes the promises of a *)
(* quorum for all that may be durable; and it acknowledges nothing.  It    *)
(* asks the leader that it follows how far that one's log reaches, and is  *)
(* whole again with all of it: what it may have acknowledged to this       *)
(* leader, and what was durable before, lies there.                        *)
(*                                                                         *)
(* The promise is not lost with the entries: it is kept twice.             *)
(***************************************************************************)
EXTENDS Naturals, Sequences

CONSTANTS
    Zone,       \* the zones
    Quorum,     \* sets of zones that are enough, any two of which meet
    Epoch,      \* numbers of leaders, above 0
    Record      \* what an entry may carry

VARIABLES
    promised, written, held, led, log, replies, acked, durable,  \* of Takeover
    doubtful,   \* zones that have lost what they had acknowledged
    target      \* target[z]: with this much zone z is whole, Nowhere: not told yet

journalVars == <<promised, written, held, led, log, replies, acked, durable>>
doubtVars == <<doubtful, target>>
vars == <<journalVars, doubtVars>>

Journal == INSTANCE Takeover

Nowhere == [epoch |-> 0, index |-> 0]

TypeOK ==
    /\ Journal!TypeOK
    /\ doubtful \subseteq Zone
    /\ target \in [Zone -> [epoch : Epoch \cup {0}, index : Nat]]

Init ==
    /\ Journal!Init
    /\ doubtful = {}
    /\ target = [z \in Zone |-> Nowhere]

-----------------------------------------------------------------------------
(***************************************************************************)
(* Promise                                                                 *)
(*   who      a zone, asked by a would-be leader                           *)
(*   why      P18: it follows no lower epoch any more                      *)
(*   when     Takeover's Promise; a zone in doubt cannot say what it holds *)
(*   changes  promised, replies                                            *)
(***************************************************************************)
Promise(zone, epoch) ==
    /\ zone \notin doubtful
    /\ Journal!Promise(zone, epoch)
    /\ UNCHANGED doubtVars

(***************************************************************************)
(* Adopt                                                                   *)
(*   who      a would-be leader                                            *)
(*   why      P18: the longest log of a quorum has all that is durable     *)
(*   when     Takeover's Adopt; what was promised before a loss was true   *)
(*   changes  led, log, replies                                            *)
(***************************************************************************)
Adopt(epoch, quorum, chosen, seal) ==
    /\ Journal!Adopt(epoch, quorum, chosen, seal)
    /\ UNCHANGED doubtVars

(***************************************************************************)
(* AppendRecord                                                            *)
(*   who      a leader                                                     *)
(*   why      it has something to make durable                             *)
(*   when     Takeover's AppendRecord                                      *)
(*   changes  log                                                          *)
(***************************************************************************)
AppendRecord(epoch, record) ==
    /\ Journal!AppendRecord(epoch, record)
    /\ UNCHANGED doubtVars

(***************************************************************************)
(* Write                                                                   *)
(*   who      a zone, sent entries by a leader                             *)
(*   why      P17: the log is to be in every zone; so doubt ends           *)
(*   when     Takeover's Write                                             *)
(*   changes  written, promised                                            *)
(***************************************************************************)
Write(zone, epoch, upto) ==
    /\ Journal!Write(zone, epoch, upto)
    /\ UNCHANGED doubtVars

(***************************************************************************)
(* Cut                                                                     *)
(*   who      a zone, sent entries by a leader                             *)
(*   why      P18: what no leader has adopted goes                         *)
(*   when     Takeover's Cut                                               *)
(*   changes  written, held, promised                                      *)
(***************************************************************************)
Cut(zone, epoch, upto) ==
    /\ Journal!Cut(zone, epoch, upto)
    /\ UNCHANGED doubtVars

(***************************************************************************)
(* Sync                                                                    *)
(*   who      the disk of a zone                                           *)
(*   why      P17: only what is on disk survives a crash                   *)
(*   when     Takeover's Sync                                              *)
(*   changes  held                                                         *)
(***************************************************************************)
Sync(zone, upto) ==
    /\ Journal!Sync(zone, upto)
    /\ UNCHANGED doubtVars

(***************************************************************************)
(* Acknowledge                                                             *)
(*   who      a zone                                                       *)
(*   why      P17: the leader counts what is on disk                       *)
(*   when     Takeover's Acknowledge, and it is whole                      *)
(*   changes  acked                                                        *)
(***************************************************************************)
Acknowledge(zone, epoch, upto) ==
    /\ zone \notin doubtful
    /\ Journal!Acknowledge(zone, epoch, upto)
    /\ UNCHANGED doubtVars

(***************************************************************************)
(* Durable                                                                 *)
(*   who      a leader                                                     *)
(*   why      P17: what a quorum has on disk survives                      *)
(*   when     Takeover's Durable                                           *)
(*   changes  durable                                                      *)
(***************************************************************************)
Durable(epoch, quorum, upto) ==
    /\ Journal!Durable(epoch, quorum, upto)
    /\ UNCHANGED doubtVars

(***************************************************************************)
(* Crash                                                                   *)
(*   who      a zone                                                       *)
(*   why      machines stop                                                *)
(*   when     Takeover's Crash; doubt is on disk too                       *)
(*   changes  written                                                      *)
(***************************************************************************)
Crash(zone) ==
    /\ Journal!Crash(zone)
    /\ UNCHANGED doubtVars

(***************************************************************************)
(* Spoil                                                                   *)
(*   who      the disk of a zone                                           *)
(*   why      P17: disks fail                                              *)
(*   when     no other zone is in doubt                                    *)
(*   changes  held, written: the entries after upto are gone; doubtful;    *)
(*            target: what it was told belongs to an earlier loss          *)
(***************************************************************************)
Spoil(zone, upto) ==
    /\ doubtful \subseteq {zone}
    /\ upto < held[zone].index
    /\ held' = [held EXCEPT ![zone] = Journal!PositionIn(held[zone].epoch, upto)]
    /\ written' = [written EXCEPT ![zone] = held'[zone]]
    /\ doubtful' = {zone}
    /\ target' = [target EXCEPT ![zone] = Nowhere]
    /\ UNCHANGED <<promised, led, log, replies, acked, durable>>

(***************************************************************************)
(* Tell                                                                    *)
(*   who      a leader, asked by a zone in doubt that follows it           *)
(*   why      P17: it knows all that the zone can have acknowledged        *)
(*   when     it leads                                                     *)
(*   changes  target; acked: it counts no more what the zone once had      *)
(***************************************************************************)
Tell(zone, epoch) ==
    /\ zone \in doubtful
    /\ epoch \in led
    /\ promised[zone] = epoch
    /\ target' = [target EXCEPT ![zone] = [epoch |-> epoch, index |-> Len(log[epoch])]]
    /\ acked' = [acked EXCEPT ![epoch][zone] = 0]
    /\ UNCHANGED <<promised, written, held, led, log, replies, durable, doubtful>>

(***************************************************************************)
(* Mend                                                                    *)
(*   who      a zone in doubt                                              *)
(*   why      P17, P18: it may vouch for its log again                     *)
(*   when     it has on disk all that the leader told it of, and follows   *)
(*            that leader still                                            *)
(*   changes  doubtful                                                     *)
(***************************************************************************)
Mend(zone) ==
    /\ zone \in doubtful
    /\ target[zone] # Nowhere
    /\ promised[zone] = target[zone].epoch
    /\ Journal!Agree(held[zone], target[zone].epoch, target[zone].index)
    /\ doubtful' = doubtful \ {zone}
    /\ UNCHANGED <<journalVars, target>>

-----------------------------------------------------------------------------
Next ==
    \/ \E z \in Zone, e \in Epoch : Promise(z, e)
    \/ \E e \in Epoch, q \in Quorum, chosen \in replies, seal \in Record : Adopt(e, q, chosen, seal)
    \/ \E e \in Epoch, record \in Record : AppendRecord(e, record)
    \/ \E z \in Zone, e \in Epoch : \E upto \in DOMAIN log[e] : Write(z, e, upto)
    \/ \E z \in Zone, e \in Epoch : \E upto \in {0} \cup DOMAIN log[e] : Cut(z, e, upto)
    \/ \E z \in Zone : \E upto \in 1 .. written[z].index : Sync(z, upto)
    \/ \E z \in Zone, e \in Epoch : \E upto \in DOMAIN log[e] : Acknowledge(z, e, upto)
    \/ \E e \in Epoch, q \in Quorum : \E upto \in DOMAIN log[e] : Durable(e, q, upto)
    \/ \E z \in Zone : Crash(z) \/ Mend(z)
    \/ \E z \in Zone : \E upto \in 0 .. held[z].index : Spoil(z, upto)
    \/ \E z \in Zone, e \in Epoch : Tell(z, e)

Spec == Init /\ [][Next]_vars
=============================================================================
