------------------------------ MODULE Takeover ------------------------------
(***************************************************************************)
(* The journal of one adjudicator, and how a new leader takes it over.     *)
(*                                                                         *)
(* Each zone has a replica of the journal.  The leader of an epoch writes  *)
(* a log, the zones copy it to their disks, and what a quorum of zones has *)
(* on disk is durable (P17).  When the leader is lost, another asks the    *)
(* zones to follow a higher epoch, continues the longest log among those   *)
(* of a quorum, and seals it with an entry of its own epoch before it does *)
(* anything else (P18).                                                    *)
(*                                                                         *)
(* A log is known by the epoch of its leader.  A zone holds the first part *)
(* of one, so a position, the epoch and the index of its last entry, says  *)
(* everything about what it holds: two logs with an entry of the same      *)
(* epoch at the same index agree up to there.                              *)
(*                                                                         *)
(* There is no network here.  What was said stays true: a message is a     *)
(* fact about the past, and who never acts on it has lost it, who acts     *)
(* late has waited for it, who acts again has heard it twice.  A leader    *)
(* that is lost takes no step any more.                                    *)
(*                                                                         *)
(* Of two that ask for the same epoch a zone follows the first, and so at  *)
(* most one of them finds a quorum.  Only that one is spoken of.  Durable  *)
(* entries are never forgotten, neither here nor by the code's replicas.   *)
(***************************************************************************)
EXTENDS Naturals, Sequences

CONSTANTS
    Zone,       \* the zones that hold a replica
    Quorum,     \* sets of zones that are enough: any two of them meet
    Epoch,      \* numbers of leaders; 0 is none
    Record      \* what an entry may carry; the journal never looks into it

ASSUME QuorumsMeet ==
    /\ Quorum \subseteq SUBSET Zone
    /\ \A p, q \in Quorum : p \cap q # {}

ASSUME EpochsAboveZero == Epoch \subseteq Nat \ {0}

VARIABLES
    promised,   \* promised[z]: zone z refuses what comes from a lower epoch
    written,    \* written[z]: where the log of zone z ends
    held,       \* held[z]: where that part of it ends that is on its disk
    led,        \* epochs whose leader has adopted a log
    log,        \* log[e]: the entries of the leader of e, << >> before it leads
    replies,    \* what zones have told would-be leaders with their promise
    acked,      \* acked[e][z]: up to here zone z told the leader of e to have it
    durable     \* durable[e]: up to here the leader of e knows a quorum to have it

vars == <<promised, written, held, led, log, replies, acked, durable>>

Entry == [epoch : Epoch, record : Record]

Position == [epoch : Epoch \cup {0}, index : Nat]

Reply == [epoch : Epoch, zone : Zone, held : Position]

TypeOK ==
    /\ promised \in [Zone -> Epoch \cup {0}]
    /\ written \in [Zone -> Position]
    /\ held \in [Zone -> Position]
    /\ led \in SUBSET Epoch
    /\ log \in [Epoch -> Seq(Entry)]
    /\ replies \in SUBSET Reply
    /\ acked \in [Epoch -> [Zone -> Nat]]
    /\ durable \in [Epoch -> Nat]

Nowhere == [epoch |-> 0, index |-> 0]

Init ==
    /\ promised = [z \in Zone |-> 0]
    /\ written = [z \in Zone |-> Nowhere]
    /\ held = [z \in Zone |-> Nowhere]
    /\ led = {}
    /\ log = [e \in Epoch |-> << >>]
    /\ replies = {}
    /\ acked = [e \in Epoch |-> [z \in Zone |-> 0]]
    /\ durable = [e \in Epoch |-> 0]

-----------------------------------------------------------------------------
\* Position a is better to continue from than b: P18, highest epoch first.
Longer(a, b) ==
    \/ b.epoch < a.epoch
    \/ b.epoch = a.epoch /\ b.index < a.index

\* The entries up to position p.
UpTo(p) == IF p.index = 0 THEN << >> ELSE SubSeq(log[p.epoch], 1, p.index)

\* The position of an entry in the log of epoch e.
PositionIn(e, index) ==
    IF index = 0 THEN Nowhere ELSE [epoch |-> log[e][index].epoch, index |-> index]

\* The log up to position p and that of epoch e agree up to index.
Agree(p, e, index) ==
    IF index = 0 THEN TRUE
    ELSE /\ index <= p.index
         /\ index <= Len(log[e])
         /\ log[p.epoch][index].epoch = log[e][index].epoch

\* The entry at index is one of e itself, not one that its leader adopted.
Own(e, index) == index \in DOMAIN log[e] /\ log[e][index].epoch = e

-----------------------------------------------------------------------------
(***************************************************************************)
(* Promise                                                                 *)
(*   who      a zone, asked by a would-be leader                           *)
(*   why      P18: from now on no lower epoch is followed                  *)
(*   when     nothing higher is promised; the same again when the answer   *)
(*            was lost                                                     *)
(*   changes  promised, on disk before the answer leaves; the answer tells *)
(*            what is on disk.  A leader that has adopted hears it no more *)
(***************************************************************************)
Promise(zone, epoch) ==
    /\ promised[zone] <= epoch
    /\ promised' = [promised EXCEPT ![zone] = epoch]
    /\ replies' = IF epoch \in led THEN replies
                  ELSE replies \cup {[epoch |-> epoch, zone |-> zone, held |-> held[zone]]}
    /\ UNCHANGED <<written, held, led, log, acked, durable>>

(***************************************************************************)
(* Adopt                                                                   *)
(*   who      a would-be leader                                            *)
(*   why      P18: the longest log of a quorum has all that is durable     *)
(*   when     all of a quorum have promised, and no log is longer than the *)
(*            chosen one                                                   *)
(*   changes  led, log: the chosen log and the seal, the first entry of    *)
(*            the new epoch; the replies have done their work              *)
(***************************************************************************)
Adopt(epoch, quorum, chosen, seal) ==
    /\ epoch \notin led
    /\ chosen \in replies
    /\ chosen.epoch = epoch
    /\ \A z \in quorum : \E r \in replies :
           /\ r.epoch = epoch
           /\ r.zone = z
           /\ ~Longer(r.held, chosen.held)
    /\ led' = led \cup {epoch}
    /\ log' = [log EXCEPT ![epoch] =
                   UpTo(chosen.held) \o <<[epoch |-> epoch, record |-> seal]>>]
    /\ replies' = {r \in replies : r.epoch # epoch}
    /\ UNCHANGED <<promised, written, held, acked, durable>>

(***************************************************************************)
(* AppendRecord                                                            *)
(*   who      a leader                                                     *)
(*   why      it has something to make durable                             *)
(*   when     its seal is durable (P18)                                    *)
(*   changes  log                                                          *)
(***************************************************************************)
AppendRecord(epoch, record) ==
    /\ epoch \in led
    /\ durable[epoch] > 0
    /\ log' = [log EXCEPT ![epoch] = @ \o <<[epoch |-> epoch, record |-> record]>>]
    /\ UNCHANGED <<promised, written, held, led, replies, acked, durable>>

(***************************************************************************)
(* Write                                                                   *)
(*   who      a zone, sent entries by a leader                             *)
(*   why      to keep a copy of the log                                    *)
(*   when     no higher epoch is promised (P18), and its log is the first  *)
(*            part of the leader's                                         *)
(*   changes  written: it goes on up to an entry of the leader's; promised *)
(***************************************************************************)
Write(zone, epoch, upto) ==
    /\ epoch \in led
    /\ promised[zone] <= epoch
    /\ Agree(written[zone], epoch, written[zone].index)
    /\ written[zone].index < upto
    /\ upto <= Len(log[epoch])
    /\ promised' = [promised EXCEPT ![zone] = epoch]
    /\ written' = [written EXCEPT ![zone] = PositionIn(epoch, upto)]
    /\ UNCHANGED <<held, led, log, replies, acked, durable>>

(***************************************************************************)
(* Cut                                                                     *)
(*   who      a zone, sent entries by a leader                             *)
(*   why      to get rid of entries of older epochs that were not adopted  *)
(*   when     no higher epoch is promised, and after upto its log and the  *)
(*            leader's differ                                              *)
(*   changes  written, held: the intent is on disk before the first entry  *)
(*            is removed, so that no crash brings one back; promised       *)
(***************************************************************************)
Cut(zone, epoch, upto) ==
    /\ epoch \in led
    /\ promised[zone] <= epoch
    /\ Agree(written[zone], epoch, upto)
    /\ upto < written[zone].index
    /\ upto < Len(log[epoch])
    /\ ~Agree(written[zone], epoch, upto + 1)
    /\ promised' = [promised EXCEPT ![zone] = epoch]
    /\ written' = [written EXCEPT ![zone] = PositionIn(epoch, upto)]
    /\ IF upto < held[zone].index
       THEN held' = [held EXCEPT ![zone] = PositionIn(epoch, upto)]
       ELSE UNCHANGED held
    /\ UNCHANGED <<led, log, replies, acked, durable>>

(***************************************************************************)
(* Sync                                                                    *)
(*   who      the disk of a zone, told to or not                           *)
(*   why      what is written does not stay in memory for ever             *)
(*   when     there is something that is not on disk                       *)
(*   changes  held; entries of an epoch that the zone has left in the mean *)
(*            time are no exception                                        *)
(***************************************************************************)
Sync(zone, upto) ==
    /\ held[zone].index < upto
    /\ upto <= written[zone].index
    /\ held' = [held EXCEPT ![zone] = PositionIn(written[zone].epoch, upto)]
    /\ UNCHANGED <<promised, written, led, log, replies, acked, durable>>

(***************************************************************************)
(* Acknowledge                                                             *)
(*   who      a zone                                                       *)
(*   why      the leader counts on what it hears (P17)                     *)
(*   when     it follows the leader (P18) and has its log up to upto on    *)
(*            disk                                                         *)
(*   changes  acked                                                        *)
(***************************************************************************)
Acknowledge(zone, epoch, upto) ==
    /\ epoch \in led
    /\ promised[zone] = epoch
    /\ acked[epoch][zone] < upto
    /\ Agree(held[zone], epoch, upto)
    /\ acked' = [acked EXCEPT ![epoch][zone] = upto]
    /\ UNCHANGED <<promised, written, held, led, log, replies, durable>>

(***************************************************************************)
(* Durable                                                                 *)
(*   who      a leader                                                     *)
(*   why      P17: what a quorum has on disk survives                      *)
(*   when     a quorum has acknowledged the log up to upto, which is an    *)
(*            entry of its own epoch: one of an older epoch may be on a    *)
(*            quorum of disks and yet not be adopted by the next leader    *)
(*   changes  durable                                                      *)
(***************************************************************************)
Durable(epoch, quorum, upto) ==
    /\ Own(epoch, upto)
    /\ durable[epoch] < upto
    /\ \A z \in quorum : upto <= acked[epoch][z]
    /\ durable' = [durable EXCEPT ![epoch] = upto]
    /\ UNCHANGED <<promised, written, held, led, log, replies, acked>>

(***************************************************************************)
(* Crash                                                                   *)
(*   who      a zone                                                       *)
(*   why      machines stop                                                *)
(*   when     ever; with nothing unsynced it goes unnoticed                *)
(*   changes  written: what was not on disk is lost.  (A part of it may be *)
(*            found again: that part was synced just before)               *)
(***************************************************************************)
Crash(zone) ==
    /\ written[zone] # held[zone]
    /\ written' = [written EXCEPT ![zone] = held[zone]]
    /\ UNCHANGED <<promised, held, led, log, replies, acked, durable>>

-----------------------------------------------------------------------------
\* The choices that depend on the state.
Adopts(e, q) == \E chosen \in replies, seal \in Record : Adopt(e, q, chosen, seal)
Writes(z, e) == \E upto \in 1 .. Len(log[e]) : Write(z, e, upto)
Cuts(z, e) == \E upto \in 0 .. Len(log[e]) : Cut(z, e, upto)
Syncs(z) == \E upto \in 1 .. written[z].index : Sync(z, upto)
Acknowledges(z, e) == \E upto \in 1 .. Len(log[e]) : Acknowledge(z, e, upto)
Counts(e, q) == \E upto \in 1 .. Len(log[e]) : Durable(e, q, upto)

Next ==
    \/ \E z \in Zone, e \in Epoch : Promise(z, e)
    \/ \E e \in Epoch, q \in Quorum : Adopts(e, q)
    \/ \E e \in Epoch, record \in Record : AppendRecord(e, record)
    \/ \E z \in Zone, e \in Epoch : Writes(z, e)
    \/ \E z \in Zone, e \in Epoch : Cuts(z, e)
    \/ \E z \in Zone : Syncs(z)
    \/ \E z \in Zone, e \in Epoch : Acknowledges(z, e)
    \/ \E e \in Epoch, q \in Quorum : Counts(e, q)
    \/ \E z \in Zone : Crash(z)

Spec == Init /\ [][Next]_vars
=============================================================================
