---------------------------- MODULE CrossRegion ----------------------------
(***************************************************************************)
(* Rung 4.  One journal over three zones, and its leaders: two regions and *)
(* a witness, or three availability zones, the protocol is the same.       *)
(*                                                                         *)
(* How the journal is written, synced, acknowledged and taken over is      *)
(* Takeover.  This spec puts it into the world: true time, clocks that err *)
(* inside their bound, zones that crash, partitions.  And it says what a   *)
(* leader, an adjudicator, does with it.  So most actions here are one of  *)
(* Takeover's and something more.                                          *)
(*                                                                         *)
(* A leader gives commit times and promises times away to readers (P6),    *)
(* both within a lease only (P2).  Every entry carries the lease that was  *)
(* in force when it was appended, and a lease is used once the entry that  *)
(* grants it is durable.  So who takes the journal over finds in the last  *)
(* entry a lease beyond which nothing was done.  It waits until that has   *)
(* run out by its clock, and begins above it (P19).  Then only it seals,   *)
(* and the seal grants its own first lease.  A successor finds that one    *)
(* with the seal, or neither; if the seal was never durable, no use was    *)
(* made of it, and who finds it all the same waits for longer than needed. *)
(*                                                                         *)
(* A leader that is cut off from every quorum makes nothing durable, so    *)
(* its lease runs out and it stops by itself (P20).  One that is lost      *)
(* takes no step any more; one that is only slow goes on.                  *)
(*                                                                         *)
(* A handover is no step of its own.  The leader lowers its lease (Grant), *)
(* tells another when that is durable, and that one asks for an epoch and  *)
(* adopts a log whose lease is over by then.                               *)
(*                                                                         *)
(* Anybody may ask for an epoch at any time.  That a candidate first hears *)
(* from a majority that nobody leads is no step here: it spares a leader   *)
(* that works, and so serves availability.  Safety cannot rest on it, for  *)
(* what is heard is old when it is heard; promises, the seal and the wait  *)
(* make every takeover safe, needed or not.                                *)
(***************************************************************************)
EXTENDS Times, Clock, Network, FiniteSets, Sequences

CONSTANTS
    Zone,       \* the zones
    Quorum,     \* sets of zones that are enough, any two of which meet
    Epoch,      \* numbers of leaders, above 0
    Home,       \* Home[e]: the zone in which the leader of epoch e runs
    Txn,        \* names of transactions, numbers above 0
    Time,       \* times
    Zero        \* a time before all of Time

VARIABLES
    promised, written, held, led, log, replies, acked, durable,  \* of Takeover
    told,       \* told[e]: up to here the leader of e has promised times away
    up,         \* zones that are running
    apart,      \* zones that are cut off from the rest
    now         \* true time, which nobody knows

journalVars == <<promised, written, held, led, log, replies, acked, durable>>

worldVars == <<up, apart, now>>
vars == <<journalVars, told, worldVars>>

NoTxn == 0

\* What entries carry: a transaction's record, or a lease alone.
Payload == [lease : Time \cup {Zero}, txn : Txn \cup {NoTxn}, ts : Time \cup {Zero}]
LeaseAlone(until) == [lease |-> until, txn |-> NoTxn, ts |-> Zero]

Journal == INSTANCE Takeover WITH Record <- Payload

TypeOK ==
    /\ Journal!TypeOK
    /\ told \in [Epoch -> Time \cup {Zero}]
    /\ up \subseteq Zone /\ apart \subseteq Zone
    /\ now \in Time \cup {Zero}

Init ==
    /\ Journal!Init
    /\ told = [e \in Epoch |-> Zero]
    /\ up = Zone /\ apart = {}
    /\ now = Zero

-----------------------------------------------------------------------------
\* A zone runs, and it and the leader hear each other.
Reaches(epoch, zone) == zone \in up /\ Hears(apart, Home[epoch], zone)

LeaseAt(epoch, index) == log[epoch][index].record.lease
TimeAt(epoch, index) == log[epoch][index].record.ts

\* The first entry of an epoch's own, with its first lease.
SealOf(epoch) ==
    CHOOSE i \in DOMAIN log[epoch] : Journal!Own(epoch, i) /\ ~Journal!Own(epoch, i - 1)

\* The lease that the leader found when it took over: that of the entry before the
\* seal.
Floor(epoch) == IF SealOf(epoch) = 1 THEN Zero ELSE LeaseAt(epoch, SealOf(epoch) - 1)

\* A successor finds the log up to the last durable entry, or to any one after it,
\* and begins above the lease there.  So no lease is used before its entry is
\* durable, and a lower one binds as soon as it is appended.
WithinLease(epoch, time) ==
    \A i \in durable[epoch] .. Len(log[epoch]) : AtMost(time, LeaseAt(epoch, i))

\* All times that are given in the log of the epoch lie below the time.
AboveGiven(epoch, time) == \A i \in DOMAIN log[epoch] : Before(TimeAt(epoch, i), time)

\* The same, or the last of them is the time.
CoversGiven(epoch, time) == \A i \in DOMAIN log[epoch] : AtMost(TimeAt(epoch, i), time)

\* The lease in the last entry of the log that is adopted.
LeaseFound(chosen) ==
    IF chosen.held.index = 0 THEN Zero ELSE LeaseAt(chosen.held.epoch, chosen.held.index)

\* That lease has run out, by the clock of who finds it.  In a new journal there is none.
Over(chosen) == chosen.held.index > 0 => MayShowPassed(now, LeaseFound(chosen))

-----------------------------------------------------------------------------
(***************************************************************************)
(* Promise                                                                 *)
(*   who      a zone, asked by a would-be leader                           *)
(*   why      P18: it follows no lower epoch any more                      *)
(*   when     Takeover's Promise, and they hear each other                 *)
(*   changes  promised, replies                                            *)
(***************************************************************************)
Promise(zone, epoch) ==
    /\ Reaches(epoch, zone)
    /\ Journal!Promise(zone, epoch)
    /\ UNCHANGED <<told, worldVars>>

(***************************************************************************)
(* Adopt                                                                   *)
(*   who      a would-be leader                                            *)
(*   why      P18: the longest log of a quorum has all that is durable;    *)
(*            P19: nobody uses the lease that was found any more           *)
(*   when     Takeover's Adopt, and the lease found has run out by its     *)
(*            clock; it may have been cut off while it waited              *)
(*   changes  led, log, replies; the seal grants the first lease of the    *)
(*            epoch, to be used when the seal is durable                   *)
(***************************************************************************)
Adopt(epoch, quorum, chosen, until) ==
    /\ Over(chosen)
    /\ AtMost(LeaseFound(chosen), until)
    /\ Journal!Adopt(epoch, quorum, chosen, LeaseAlone(until))
    /\ UNCHANGED <<told, worldVars>>

(***************************************************************************)
(* Grant                                                                   *)
(*   who      a leader                                                     *)
(*   why      P19: a higher lease lets it go on; a lower one lets a        *)
(*            successor wait less                                          *)
(*   when     all that it gave or promised lies within the new one         *)
(*   changes  log; the lease is not used before this entry is durable      *)
(***************************************************************************)
Grant(epoch, until) ==
    /\ durable[epoch] > 0
    /\ AtMost(Floor(epoch), until)
    /\ AtMost(told[epoch], until)
    /\ CoversGiven(epoch, until)
    /\ Journal!AppendRecord(epoch, LeaseAlone(until))
    /\ UNCHANGED <<told, worldVars>>

(***************************************************************************)
(* Commit                                                                  *)
(*   who      a leader                                                     *)
(*   why      P2, P11: a transaction gets its time and goes to the journal *)
(*   when     ts is above the floor (P19) and all that was given or        *)
(*            promised, within the lease, and not past by its clock        *)
(*   changes  log                                                          *)
(***************************************************************************)
Commit(epoch, txn, ts) ==
    /\ durable[epoch] > 0
    /\ Before(Floor(epoch), ts)
    /\ AboveGiven(epoch, ts)
    /\ Before(told[epoch], ts)
    /\ WithinLease(epoch, ts)
    /\ MayShowLatest(now, ts)
    /\ LET record == [lease |-> LeaseAt(epoch, Len(log[epoch])), txn |-> txn, ts |-> ts]
       IN  Journal!AppendRecord(epoch, record)
    /\ UNCHANGED <<told, worldVars>>

(***************************************************************************)
(* Heartbeat                                                               *)
(*   who      a leader                                                     *)
(*   why      P6: readers learn that nothing is missing up to upto; it may *)
(*            lie ahead of the clock (P23)                                 *)
(*   when     upto is above the floor (P19), within the lease, and below   *)
(*            every record under way                                       *)
(*   changes  told                                                         *)
(***************************************************************************)
Heartbeat(epoch, upto) ==
    /\ durable[epoch] > 0
    /\ Before(Floor(epoch), upto)
    /\ Before(told[epoch], upto)
    /\ WithinLease(epoch, upto)
    /\ \A i \in durable[epoch] + 1 .. Len(log[epoch]) :
           log[epoch][i].record.txn # NoTxn => Before(upto, TimeAt(epoch, i))
    /\ told' = [told EXCEPT ![epoch] = upto]
    /\ UNCHANGED <<journalVars, worldVars>>

(***************************************************************************)
(* Write                                                                   *)
(*   who      a zone, sent entries by a leader                             *)
(*   why      P17: the log is to be in every zone                          *)
(*   when     Takeover's Write, and the two hear each other                *)
(*   changes  written, promised                                            *)
(***************************************************************************)
Write(zone, epoch, upto) ==
    /\ Reaches(epoch, zone)
    /\ Journal!Write(zone, epoch, upto)
    /\ UNCHANGED <<told, worldVars>>

(***************************************************************************)
(* Cut                                                                     *)
(*   who      a zone, sent entries by a leader                             *)
(*   why      P18, P20: what no leader has adopted goes; nothing is merged *)
(*   when     Takeover's Cut, and the two hear each other                  *)
(*   changes  written, held, promised                                      *)
(***************************************************************************)
Cut(zone, epoch, upto) ==
    /\ Reaches(epoch, zone)
    /\ Journal!Cut(zone, epoch, upto)
    /\ UNCHANGED <<told, worldVars>>

(***************************************************************************)
(* Sync                                                                    *)
(*   who      the disk of a zone                                           *)
(*   why      P17: only what is on disk survives a crash                   *)
(*   when     Takeover's Sync, or power fails just when this is done       *)
(*   changes  held                                                         *)
(***************************************************************************)
Sync(zone, upto) ==
    /\ zone \in up
    /\ Journal!Sync(zone, upto)
    /\ UNCHANGED <<told, worldVars>>

(***************************************************************************)
(* Acknowledge                                                             *)
(*   who      a zone                                                       *)
(*   why      P17: the leader counts what is on disk                       *)
(*   when     Takeover's Acknowledge; whether it is heard is seen later    *)
(*   changes  acked                                                        *)
(***************************************************************************)
Acknowledge(zone, epoch, upto) ==
    /\ zone \in up
    /\ Journal!Acknowledge(zone, epoch, upto)
    /\ UNCHANGED <<told, worldVars>>

(***************************************************************************)
(* Durable                                                                 *)
(*   who      a leader                                                     *)
(*   why      P17: this survives.  After its seal it leads (P18), a lease  *)
(*            may be used (P19), a transaction has committed (P13)         *)
(*   when     Takeover's Durable, one by one after the seal; it hears them *)
(*   changes  durable                                                      *)
(***************************************************************************)
Durable(epoch, quorum, upto) ==
    /\ HearsAll(apart, Home[epoch], quorum)
    /\ durable[epoch] > 0 => upto = durable[epoch] + 1
    /\ Journal!Durable(epoch, quorum, upto)
    /\ UNCHANGED <<told, worldVars>>

(***************************************************************************)
(* Crash                                                                   *)
(*   who      a zone                                                       *)
(*   why      machines stop, disks lose what was not synced (P17)          *)
(*   when     it runs                                                      *)
(*   changes  up; written, a torn entry counts as lost                     *)
(***************************************************************************)
Crash(zone) ==
    /\ zone \in up
    /\ up' = up \ {zone}
    /\ IF written[zone] = held[zone] THEN UNCHANGED journalVars ELSE Journal!Crash(zone)
    /\ UNCHANGED <<told, apart, now>>

(***************************************************************************)
(* Restart                                                                 *)
(*   who      a zone                                                       *)
(*   why      it has its promise and its log on disk (P18)                 *)
(*   when     it is down                                                   *)
(*   changes  up                                                           *)
(***************************************************************************)
Restart(zone) ==
    /\ zone \notin up
    /\ up' = up \cup {zone}
    /\ UNCHANGED <<journalVars, told, apart, now>>

(***************************************************************************)
(* Part                                                                    *)
(*   who      the network                                                  *)
(*   why      P20: cables break and are mended                             *)
(*   when     ever; that nobody is apart any more is a case of it          *)
(*   changes  apart                                                        *)
(***************************************************************************)
Part(side) ==
    /\ apart # side
    /\ apart' = side
    /\ UNCHANGED <<journalVars, told, up, now>>

(***************************************************************************)
(* Tick                                                                    *)
(*   who      nobody                                                       *)
(*   why      time passes                                                  *)
(*   when     ever                                                         *)
(*   changes  now                                                          *)
(***************************************************************************)
Tick(time) ==
    /\ Before(now, time)
    /\ now' = time
    /\ UNCHANGED <<journalVars, told, up, apart>>

-----------------------------------------------------------------------------
Next ==
    \/ \E z \in Zone, e \in Epoch : Promise(z, e)
    \/ \E e \in Epoch, q \in Quorum, chosen \in replies, until \in Time :
           Adopt(e, q, chosen, until)
    \/ \E e \in led, until \in Time : Grant(e, until)
    \/ \E e \in led, txn \in Txn, ts \in Time : Commit(e, txn, ts)
    \/ \E e \in led, upto \in Time : Heartbeat(e, upto)
    \/ \E z \in Zone, e \in led : \E upto \in DOMAIN log[e] : Write(z, e, upto)
    \/ \E z \in Zone, e \in led : \E upto \in {0} \cup DOMAIN log[e] : Cut(z, e, upto)
    \/ \E z \in Zone : \E upto \in 1 .. written[z].index : Sync(z, upto)
    \/ \E z \in Zone, e \in led : \E upto \in DOMAIN log[e] : Acknowledge(z, e, upto)
    \/ \E e \in led, q \in Quorum : \E upto \in DOMAIN log[e] : Durable(e, q, upto)
    \/ \E z \in Zone : Crash(z) \/ Restart(z)
    \/ \E side \in SUBSET Zone : Part(side)
    \/ \E time \in Time : Tick(time)

Spec == Init /\ [][Next]_vars
=============================================================================
