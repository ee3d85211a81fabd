------------------------------ MODULE Trimming ------------------------------
(***************************************************************************)
(* Rung 4, beside CrossRegion.  One journal on its zones, and the replicas *)
(* of storage that read it: which of its entries are not needed any more.  *)
(*                                                                         *)
(* A replica of storage holds in memory what the first entries of the      *)
(* journal say, and saves it in checkpoints on its own disk.  It counts on *)
(* the older one of its last two, for the last one may turn out to be      *)
(* unreadable; how far that one reaches it says.  What all replicas have   *)
(* said the zones may trim.  A replica whose disk is lost finds that the   *)
(* journal begins too late for it, and copies the checkpoint of a sibling. *)
(*                                                                         *)
(* A zone keeps the last entry that it knows to be durable all the same,   *)
(* for a leader that takes the journal over finds the lease in it (P19).   *)
(*                                                                         *)
(* How entries become durable is Takeover's, and what a zone does whose    *)
(* log is damaged is Damage's; here entries have no epochs.  What a        *)
(* replica said it never takes back: who acts on it may do so late, and    *)
(* may not know that its disk was lost since.  So no crossbar is spoken    *)
(* of, nor that it holds a permission back for some seconds: that only     *)
(* makes steps later.  Several journals are several of these: a replica    *)
(* speaks of all in one breath, and each is trimmed by its own number.     *)
(*                                                                         *)
(* One disk at a time is lost: the next one not before the first replica   *)
(* has in checkpoints again what it once said.  That its copy is whole is  *)
(* not enough: the sibling may have lagged behind it when it was copied.   *)
(***************************************************************************)
EXTENDS Naturals, Sequences

CONSTANTS
    Zone,       \* the zones with a replica of the journal
    Quorum,     \* sets of zones that are enough, any two of which meet
    Storage     \* the replicas of storage

VARIABLES
    length,     \* how many entries the leader has appended
    durable,    \* so many of them a quorum has on disk
    base,       \* base[z]: the log of zone z begins after this entry
    held,       \* held[z]: and it ends with this one
    known,      \* known[z]: up to here zone z knows entries to be durable
    applied,    \* applied[s]: up to here replica s has applied them, in memory
    written,    \* written[s]: checkpoints of s that no sync has followed yet
    saved,      \* saved[s]: its last ones on disk, two at most, the older one first
    said,       \* said[s]: up to here it said to need nothing of the journal
    lost        \* replicas that do not have what they said: their disk was lost

journalVars == <<length, durable, base, held, known>>
storageVars == <<applied, written, saved, said, lost>>
vars == <<journalVars, storageVars>>

TypeOK ==
    /\ length \in Nat /\ durable \in Nat
    /\ base \in [Zone -> Nat]
    /\ held \in [Zone -> Nat]
    /\ known \in [Zone -> Nat]
    /\ applied \in [Storage -> Nat]
    /\ written \in [Storage -> Seq(Nat)]
    /\ saved \in [Storage -> Seq(Nat)]
    /\ said \in [Storage -> Nat]
    /\ lost \subseteq Storage

Init ==
    /\ length = 0 /\ durable = 0
    /\ base = [z \in Zone |-> 0]
    /\ held = [z \in Zone |-> 0]
    /\ known = [z \in Zone |-> 0]
    /\ applied = [s \in Storage |-> 0]
    /\ written = [s \in Storage |-> << >>]
    /\ saved = [s \in Storage |-> << >>]
    /\ said = [s \in Storage |-> 0]
    /\ lost = {}

-----------------------------------------------------------------------------
Least(a, b) == IF a < b THEN a ELSE b

\* An entry is in the log of some zone.
Lent(index) == \E z \in Zone : base[z] < index /\ index <= held[z]

\* The last two of a sequence.
LastTwo(seq) == IF Len(seq) < 3 THEN seq ELSE SubSeq(seq, Len(seq) - 1, Len(seq))

\* Where a start from this disk begins, if nothing there is damaged.
Newest(storage) == IF saved[storage] = << >> THEN 0 ELSE saved[storage][Len(saved[storage])]

\* And where it begins if the last checkpoint is.
Oldest(storage) == IF saved[storage] = << >> THEN 0 ELSE saved[storage][1]

\* What a replica says of its checkpoints: nothing, until it has two.
Says(storage) == IF Len(saved[storage]) < 2 THEN 0 ELSE Oldest(storage)

\* What all have in checkpoints nobody needs of the journal.
Allowed(upto) == \A s \in Storage : upto <= said[s]

-----------------------------------------------------------------------------
(***************************************************************************)
(* AppendRecord                                                            *)
(*   who      the leader                                                   *)
(*   why      it has something to make durable                             *)
(*   when     ever                                                         *)
(*   changes  length                                                       *)
(***************************************************************************)
AppendRecord ==
    /\ length' = length + 1
    /\ UNCHANGED <<durable, base, held, known, storageVars>>

(***************************************************************************)
(* Write                                                                   *)
(*   who      a zone, sent an entry by the leader                          *)
(*   why      P17: the log is to be in every zone                          *)
(*   when     it is the next one; the leader has it if it is under way,    *)
(*            and else fetches it from another zone                        *)
(*   changes  held; it is synced in the same step                          *)
(***************************************************************************)
Write(zone) ==
    /\ held[zone] < length
    /\ held[zone] + 1 > durable \/ Lent(held[zone] + 1)
    /\ held' = [held EXCEPT ![zone] = @ + 1]
    /\ UNCHANGED <<length, durable, base, known, storageVars>>

(***************************************************************************)
(* Durable                                                                 *)
(*   who      the leader                                                   *)
(*   why      P17: what a quorum has on disk survives                      *)
(*   when     a quorum has the next entry                                  *)
(*   changes  durable                                                      *)
(***************************************************************************)
Durable(quorum) ==
    /\ \A z \in quorum : durable < held[z]
    /\ durable' = durable + 1
    /\ UNCHANGED <<length, base, held, known, storageVars>>

(***************************************************************************)
(* Hear                                                                    *)
(*   who      a zone                                                       *)
(*   why      the leader says with each message what is durable            *)
(*   when     it has entries that it does not know to be durable           *)
(*   changes  known                                                        *)
(***************************************************************************)
Hear(zone) ==
    /\ known[zone] < Least(durable, held[zone])
    /\ known' = [known EXCEPT ![zone] = Least(durable, held[zone])]
    /\ UNCHANGED <<length, durable, base, held, storageVars>>

(***************************************************************************)
(* Trim                                                                    *)
(*   who      a zone, told by a crossbar                                   *)
(*   why      disks are not endless                                        *)
(*   when     all replicas of storage have the entries in checkpoints;     *)
(*            P19: the last one known to be durable stays                  *)
(*   changes  base, on disk before an entry is removed                     *)
(***************************************************************************)
Trim(zone, upto) ==
    /\ Allowed(upto)
    /\ base[zone] < upto
    /\ upto < known[zone]
    /\ base' = [base EXCEPT ![zone] = upto]
    /\ UNCHANGED <<length, durable, held, known, storageVars>>

(***************************************************************************)
(* BeginAfter                                                              *)
(*   who      a zone, told by the leader                                   *)
(*   why      it lacks entries that another one has trimmed                *)
(*   when     its log ends before that one's begins                        *)
(*   changes  base, held, known: it goes on from there                     *)
(***************************************************************************)
BeginAfter(zone, upto) ==
    /\ held[zone] < upto
    /\ \E other \in Zone : base[other] = upto
    /\ base' = [base EXCEPT ![zone] = upto]
    /\ held' = [held EXCEPT ![zone] = upto]
    /\ known' = [known EXCEPT ![zone] = upto]
    /\ UNCHANGED <<length, durable, storageVars>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* Stream                                                                  *)
(*   who      a replica of storage, sent an entry by its crossbar          *)
(*   why      P6: it is to have everything                                 *)
(*   when     the entry is durable, and in the journal of some zone        *)
(*   changes  applied                                                      *)
(***************************************************************************)
Stream(storage) ==
    /\ applied[storage] < durable
    /\ Lent(applied[storage] + 1)
    /\ applied' = [applied EXCEPT ![storage] = @ + 1]
    /\ UNCHANGED <<journalVars, written, saved, said, lost>>

(***************************************************************************)
(* Commit                                                                  *)
(*   who      a replica of storage                                         *)
(*   why      a start is to replay little                                  *)
(*   when     no sync is under way, and it has applied more than it saved, *)
(*            or begins a new base                                         *)
(*   changes  written: a checkpoint, whole but not on disk                 *)
(***************************************************************************)
Commit(storage) ==
    /\ written[storage] = << >>
    /\ 0 < applied[storage]
    /\ saved[storage] # <<applied[storage], applied[storage]>>
    /\ written' = [written EXCEPT ![storage] = <<applied[storage]>>]
    /\ UNCHANGED <<journalVars, applied, saved, said, lost>>

(***************************************************************************)
(* Synced                                                                  *)
(*   who      the disk of a replica of storage                             *)
(*   why      P17: only what is on disk survives a crash                   *)
(*   when     a checkpoint is written                                      *)
(*   changes  saved, written; a replica that lost its disk has made up for *)
(*            it when it has what it said before                           *)
(***************************************************************************)
Synced(storage) ==
    LET now == LastTwo(saved[storage] \o written[storage])
    IN  /\ written[storage] # << >>
        /\ saved' = [saved EXCEPT ![storage] = now]
        /\ written' = [written EXCEPT ![storage] = << >>]
        /\ lost' = IF now[1] < said[storage] THEN lost ELSE lost \ {storage}
        /\ UNCHANGED <<journalVars, applied, said>>

(***************************************************************************)
(* Checkpointed                                                            *)
(*   who      a replica of storage                                         *)
(*   why      the journals need not keep what it has                       *)
(*   when     it has two checkpoints: it speaks of the older one           *)
(*   changes  said                                                         *)
(***************************************************************************)
Checkpointed(storage) ==
    /\ said[storage] < Says(storage)
    /\ said' = [said EXCEPT ![storage] = Says(storage)]
    /\ UNCHANGED <<journalVars, applied, written, saved, lost>>

(***************************************************************************)
(* Bootstrap                                                               *)
(*   who      a replica of storage                                         *)
(*   why      the journal of a zone begins after what it has               *)
(*   when     a sibling has a checkpoint                                   *)
(*   changes  applied, written: all that the sibling has on disk           *)
(***************************************************************************)
Bootstrap(storage, sibling) ==
    /\ storage # sibling
    /\ \E z \in Zone : applied[storage] < base[z]
    /\ written[storage] = << >>
    /\ saved[sibling] # << >>
    /\ written' = [written EXCEPT ![storage] = saved[sibling]]
    /\ applied' = [applied EXCEPT ![storage] = Newest(sibling)]
    /\ UNCHANGED <<journalVars, saved, said, lost>>

(***************************************************************************)
(* Crash                                                                   *)
(*   who      a replica of storage                                         *)
(*   why      machines stop; it starts again from its disk                 *)
(*   when     ever; with all it has on disk it goes unnoticed              *)
(*   changes  applied, written: what was not synced is lost                *)
(***************************************************************************)
Crash(storage) ==
    /\ applied[storage] # Newest(storage) \/ written[storage] # << >>
    /\ applied' = [applied EXCEPT ![storage] = Newest(storage)]
    /\ written' = [written EXCEPT ![storage] = << >>]
    /\ UNCHANGED <<journalVars, saved, said, lost>>

(***************************************************************************)
(* Spoil                                                                   *)
(*   who      the disk of a replica of storage                             *)
(*   why      disks spoil what they hold; at its next start the replica    *)
(*            cannot read its last checkpoint                              *)
(*   when     it has two                                                   *)
(*   changes  saved, applied, written: it begins from the older one        *)
(***************************************************************************)
Spoil(storage) ==
    /\ Len(saved[storage]) = 2
    /\ saved' = [saved EXCEPT ![storage] = <<Oldest(storage)>>]
    /\ applied' = [applied EXCEPT ![storage] = Oldest(storage)]
    /\ written' = [written EXCEPT ![storage] = << >>]
    /\ UNCHANGED <<journalVars, said, lost>>

(***************************************************************************)
(* LoseDisk                                                                *)
(*   who      a replica of storage                                         *)
(*   why      disks are lost; it starts with an empty one                  *)
(*   when     it has a sibling, and none that lacks what it said           *)
(*   changes  saved, applied, written: nothing is left; lost, unless it    *)
(*            never said anything                                          *)
(***************************************************************************)
LoseDisk(storage) ==
    /\ Storage # {storage}
    /\ saved[storage] # << >>
    /\ lost \subseteq {storage}
    /\ saved' = [saved EXCEPT ![storage] = << >>]
    /\ applied' = [applied EXCEPT ![storage] = 0]
    /\ written' = [written EXCEPT ![storage] = << >>]
    /\ lost' = IF said[storage] = 0 THEN lost ELSE {storage}
    /\ UNCHANGED <<journalVars, said>>

-----------------------------------------------------------------------------
Trims(z) == \E upto \in 1 .. known[z] : Trim(z, upto)

Next ==
    \/ AppendRecord
    \/ \E z \in Zone : Write(z)
    \/ \E q \in Quorum : Durable(q)
    \/ \E z \in Zone : Hear(z)
    \/ \E z \in Zone : Trims(z)
    \/ \E z \in Zone : \E upto \in {base[other] : other \in Zone} : BeginAfter(z, upto)
    \/ \E s \in Storage : Stream(s)
    \/ \E s \in Storage : Commit(s)
    \/ \E s \in Storage : Synced(s)
    \/ \E s \in Storage : Checkpointed(s)
    \/ \E s, sibling \in Storage : Bootstrap(s, sibling)
    \/ \E s \in Storage : Crash(s)
    \/ \E s \in Storage : Spoil(s)
    \/ \E s \in Storage : LoseDisk(s)

Spec == Init /\ [][Next]_vars
=============================================================================
