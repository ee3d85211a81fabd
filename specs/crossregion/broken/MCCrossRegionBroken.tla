------------------------ MODULE MCCrossRegionBroken ------------------------
(***************************************************************************)
(* CrossRegion with one rule dropped.  Each definition below replaces one  *)
(* of the spec in one model and breaks one property; the manifest says     *)
(* which.                                                                  *)
(***************************************************************************)
EXTENDS MCCrossRegion

-----------------------------------------------------------------------------
\* P17: the leader reports an entry as durable that one zone has.
DurableOnOneZone(epoch, quorum, upto) ==
    /\ HearsAll(apart, Home[epoch], quorum)
    /\ durable[epoch] > 0 => upto = durable[epoch] + 1
    /\ Journal!Own(epoch, upto)
    /\ durable[epoch] < upto
    /\ \E z \in quorum : upto <= acked[epoch][z]
    /\ durable' = [durable EXCEPT ![epoch] = upto]
    /\ UNCHANGED <<promised, written, held, led, log, replies, acked, told, worldVars>>

\* P17: a zone acknowledges what it has only written.
AcknowledgeUnsynced(zone, epoch, upto) ==
    /\ zone \in up
    /\ epoch \in led
    /\ promised[zone] = epoch
    /\ acked[epoch][zone] < upto
    /\ Journal!Agree(written[zone], epoch, upto)
    /\ acked' = [acked EXCEPT ![epoch][zone] = upto]
    /\ UNCHANGED <<promised, written, held, led, log, replies, durable, told, worldVars>>

\* P20: a zone that was cut off counts its own entries for the leader's.
AcknowledgeMerged(zone, epoch, upto) ==
    /\ zone \in up
    /\ epoch \in led
    /\ promised[zone] = epoch
    /\ acked[epoch][zone] < upto
    /\ upto <= held[zone].index
    /\ acked' = [acked EXCEPT ![epoch][zone] = upto]
    /\ UNCHANGED <<promised, written, held, led, log, replies, durable, told, worldVars>>

\* P18: the new leader goes on from any log of the quorum.
AdoptAnyLog(epoch, quorum, chosen, until) ==
    /\ Over(chosen)
    /\ AtMost(LeaseFound(chosen), until)
    /\ epoch \notin led
    /\ chosen.epoch = epoch
    /\ \A z \in quorum : \E r \in replies : r.epoch = epoch /\ r.zone = z
    /\ led' = led \cup {epoch}
    /\ log' = [log EXCEPT ![epoch] = Journal!UpTo(chosen.held)
                   \o <<[epoch |-> epoch, record |-> LeaseAlone(until)]>>]
    /\ replies' = {r \in replies : r.epoch # epoch}
    /\ UNCHANGED <<promised, written, held, acked, durable, told, worldVars>>

\* P18: a zone takes entries of an epoch that is lower than the one it promised.
StoreOfLower(z, e, upto) ==
    LET end == [epoch |-> e, index |-> Len(log[e])]
    IN  /\ upto = end.index
        /\ e \in led
        /\ Reaches(e, z)
        /\ held[z] # end
        /\ promised' = [promised EXCEPT ![z] = e]
        /\ written' = [written EXCEPT ![z] = end]
        /\ held' = [held EXCEPT ![z] = end]
        /\ acked' = [acked EXCEPT ![e][z] = end.index]
        /\ UNCHANGED <<led, log, replies, durable, told, worldVars>>

\* P18: a zone that starts again has forgotten its promise.
RestartForgets(zone) ==
    /\ zone \notin up
    /\ up' = up \cup {zone}
    /\ promised' = [promised EXCEPT ![zone] = 0]
    /\ UNCHANGED <<written, held, led, log, replies, acked, durable, told, apart, now>>

\* P20: who is cut off from the others counts on its own zone alone.
DurableOnOwnSide(epoch, quorum, upto) ==
    /\ durable[epoch] > 0 => upto = durable[epoch] + 1
    /\ Journal!Own(epoch, upto)
    /\ durable[epoch] < upto
    /\ \A z \in {y \in Zone : Hears(apart, Home[epoch], y)} : upto <= acked[epoch][z]
    /\ durable' = [durable EXCEPT ![epoch] = upto]
    /\ UNCHANGED <<promised, written, held, led, log, replies, acked, told, worldVars>>

\* P20: a leader waits for all zones, instead of a quorum.
DurableOnAllZones(epoch, quorum, upto) ==
    /\ HearsAll(apart, Home[epoch], Zone)
    /\ durable[epoch] > 0 => upto = durable[epoch] + 1
    /\ Journal!Durable(epoch, Zone, upto)
    /\ UNCHANGED <<told, worldVars>>

\* P17: a leader hears the acknowledgements of its seal and no others.
DurableSealOnly(epoch, quorum, upto) ==
    /\ HearsAll(apart, Home[epoch], quorum)
    /\ durable[epoch] = 0
    /\ Journal!Durable(epoch, quorum, upto)
    /\ UNCHANGED <<told, worldVars>>

\* P20: a zone keeps what the leader does not have, and cannot go on.
StoreNoCut(z, e, upto) ==
    /\ Journal!Agree(written[z], e, written[z].index)
    /\ Store(z, e, upto)

-----------------------------------------------------------------------------
\* P19: a leader seals without a look at its clock.
OverUnasked(chosen) == TRUE

\* P19: a leader lowers its lease below what it has promised.
GrantBelowPromise(epoch, until) ==
    /\ durable[epoch] > 0
    /\ AtMost(Floor(epoch), until)
    /\ \A i \in DOMAIN log[epoch] : AtMost(TimeAt(epoch, i), until)
    /\ Journal!AppendRecord(epoch, LeaseAlone(until))
    /\ UNCHANGED <<told, worldVars>>

\* P19: the lease of the seal may lie below the one that was found, which the next
\* successor then does not learn.
AdoptBelowFound(epoch, quorum, chosen, until) ==
    /\ Over(chosen)
    /\ Journal!Adopt(epoch, quorum, chosen, LeaseAlone(until))
    /\ UNCHANGED <<told, worldVars>>

\* P19: the lease of the seal is used before the seal is durable.
HeartbeatUnsealed(epoch, upto) ==
    /\ epoch \in led
    /\ Before(Floor(epoch), upto)
    /\ Before(told[epoch], upto)
    /\ IF durable[epoch] = 0 THEN AtMost(upto, LeaseAt(epoch, SealOf(epoch)))
       ELSE WithinLease(epoch, upto)
    /\ \A i \in durable[epoch] + 1 .. Len(log[epoch]) :
           log[epoch][i].record.txn # NoTxn => Before(upto, TimeAt(epoch, i))
    /\ told' = [told EXCEPT ![epoch] = upto]
    /\ UNCHANGED <<journalVars, worldVars>>

\* P19: a lease is used as soon as it is appended.
WithinLeaseAppended(epoch, time) == AtMost(time, LeaseAt(epoch, Len(log[epoch])))

\* P19: a leader that has given its lease back uses it until the lower one is durable.
WithinLeaseDurable(epoch, time) == AtMost(time, LeaseAt(epoch, durable[epoch]))

\* P19: a leader does not begin above the lease that it found.
CommitNoFloor(epoch, txn, ts) ==
    /\ durable[epoch] > 0
    /\ \A i \in DOMAIN log[epoch] : Before(TimeAt(epoch, i), ts)
    /\ Before(told[epoch], ts)
    /\ WithinLease(epoch, ts)
    /\ MayShowLatest(now, ts)
    /\ LET record == [lease |-> LeaseAt(epoch, Len(log[epoch])), txn |-> txn, ts |-> ts]
       IN  Journal!AppendRecord(epoch, record)
    /\ UNCHANGED <<told, worldVars>>

\* P2: a commit at the very time that was promised away.
CommitAtPromise(epoch, txn, ts) ==
    /\ durable[epoch] > 0
    /\ Before(Floor(epoch), ts)
    /\ \A i \in DOMAIN log[epoch] : Before(TimeAt(epoch, i), ts)
    /\ WithinLease(epoch, ts)
    /\ MayShowLatest(now, ts)
    /\ LET record == [lease |-> LeaseAt(epoch, Len(log[epoch])), txn |-> txn, ts |-> ts]
       IN  Journal!AppendRecord(epoch, record)
    /\ UNCHANGED <<told, worldVars>>

\* P2: a commit time that was given before.
CommitAnyOrder(epoch, txn, ts) ==
    /\ durable[epoch] > 0
    /\ Before(Floor(epoch), ts)
    /\ Before(told[epoch], ts)
    /\ WithinLease(epoch, ts)
    /\ MayShowLatest(now, ts)
    /\ LET record == [lease |-> LeaseAt(epoch, Len(log[epoch])), txn |-> txn, ts |-> ts]
       IN  Journal!AppendRecord(epoch, record)
    /\ UNCHANGED <<told, worldVars>>

\* P6, P23: a promise beyond the lease.
HeartbeatNoLease(epoch, upto) ==
    /\ durable[epoch] > 0
    /\ Before(Floor(epoch), upto)
    /\ Before(told[epoch], upto)
    /\ \A i \in durable[epoch] + 1 .. Len(log[epoch]) :
           log[epoch][i].record.txn # NoTxn => Before(upto, TimeAt(epoch, i))
    /\ told' = [told EXCEPT ![epoch] = upto]
    /\ UNCHANGED <<journalVars, worldVars>>

\* P6: a promise overtakes an entry under way.
HeartbeatOvertakes(epoch, upto) ==
    /\ durable[epoch] > 0
    /\ Before(Floor(epoch), upto)
    /\ Before(told[epoch], upto)
    /\ WithinLease(epoch, upto)
    /\ told' = [told EXCEPT ![epoch] = upto]
    /\ UNCHANGED <<journalVars, worldVars>>

-----------------------------------------------------------------------------
\* A zone that nobody knows comes up.
RestartStranger(zone) == up' = up \cup {0} /\ UNCHANGED <<journalVars, told, apart, now>>
=============================================================================
