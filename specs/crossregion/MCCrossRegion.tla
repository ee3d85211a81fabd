--------------------------- MODULE MCCrossRegion ---------------------------
(***************************************************************************)
(* The models of CrossRegion: small worlds, each of which looks at one     *)
(* side of it closely.                                                     *)
(***************************************************************************)
EXTENDS CrossRegionProps, TLC

CONSTANTS
    Epochs,     \* how many epochs
    Horizon,    \* the greatest time
    Entries     \* how many entries a leader appends at most, its seal included

MCEpoch == 1 .. Epochs

MCTime == 1 .. Horizon

Majorities == {q \in SUBSET Zone : 2 * Cardinality(q) > Cardinality(Zone)}

\* While the network is whole it does not matter where a leader runs, and no
\* property names a zone.  So zones are alike.
OneHome == [e \in Epoch |-> CHOOSE z \in Zone : TRUE]

Zones == Permutations(Zone)

OwnEntries(e) == {i \in DOMAIN log[e] : Journal!Own(e, i)}

\* A leader could grant and grant again for ever.
GrantFew(e, until) == Cardinality(OwnEntries(e)) < Entries /\ Grant(e, until)

\* One lease, as short as can be, will do where leases are not looked at: that of
\* the seal, and the same once more where a leader has nothing else to append.
AdoptShort(e, q, chosen, until) ==
    /\ Adopt(e, q, chosen, until)
    /\ Before(LeaseFound(chosen), until)
    /\ \A t \in Time : Before(LeaseFound(chosen), t) => AtMost(until, t)

GrantOnce(e, until) ==
    /\ Grant(e, until)
    /\ Len(log[e]) = SealOf(e)
    /\ until = LeaseAt(e, SealOf(e))

NoGrant(e, until) == FALSE

\* A leader appends a lease or a record, not both.
CommitFew(e, txn, ts) ==
    /\ Cardinality(OwnEntries(e)) < Entries
    /\ IsNextName(txn)
    /\ Commit(e, txn, ts)

\* A leader sends all it has.  Logs that are sent in parts are the subject of the
\* models of disks, and of those of Takeover.
WriteAll(z, e, upto) == upto = Len(log[e]) /\ Write(z, e, upto)

-----------------------------------------------------------------------------
(***************************************************************************)
(* The leader of epoch 1 serves: its seal, with a lease up to `until', is  *)
(* durable in all zones.  Every behaviour that comes to anything begins in *)
(* some such way, and empty logs are no harder to take over than this one. *)
(***************************************************************************)
InitServing(until, side) ==
    LET first == <<[epoch |-> 1, record |-> LeaseAlone(until)]>>
        end   == [epoch |-> 1, index |-> 1]
    IN  /\ promised = [z \in Zone |-> 1]
        /\ written = [z \in Zone |-> end]
        /\ held = [z \in Zone |-> end]
        /\ led = {1}
        /\ log = [e \in Epoch |-> IF e = 1 THEN first ELSE << >>]
        /\ replies = {}
        /\ acked = [e \in Epoch |-> [z \in Zone |-> IF e = 1 THEN 1 ELSE 0]]
        /\ durable = [e \in Epoch |-> IF e = 1 THEN 1 ELSE 0]
        /\ told = [e \in Epoch |-> Zero]
        /\ up = Zone
        /\ apart = side
        /\ now = Zero

InitOne == InitServing(1, {})

InitTwo == InitServing(2, {})

-----------------------------------------------------------------------------
(***************************************************************************)
(* The disk alone, whatever clocks show, and without promises: clocks and  *)
(* promises only narrow what leaders do, and no zone asks for them.        *)
(*                                                                         *)
(* A zone that crashes is up again at once: one that is down differs in    *)
(* nothing from one that does nothing.                                     *)
(***************************************************************************)
AnyClock(at, time) == TRUE

PowerLoss(z) == Journal!Crash(z) /\ UNCHANGED <<told, worldVars>>

NextDisk == Elect \/ Decide \/ Copy \/ \E z \in Zone : PowerLoss(z)

(***************************************************************************)
(* Leases alone.  A zone writes, syncs and acknowledges in one step, which *)
(* takes the place of Write: who looks at leases sees only which part of   *)
(* the log a leader finds and which it knows to be durable.                *)
(*                                                                         *)
(* Two zones are enough, and both are a quorum: what a leader can find in  *)
(* two zones of three it can find in these, since an entry that is in the  *)
(* third alone is as good as in none.                                      *)
(***************************************************************************)
Store(z, e, upto) ==
    LET end == [epoch |-> e, index |-> Len(log[e])]
    IN  /\ upto = end.index
        /\ e \in led
        /\ promised[z] <= e
        /\ Reaches(e, z)
        /\ held[z] # end
        /\ promised' = [promised EXCEPT ![z] = e]
        /\ written' = [written EXCEPT ![z] = end]
        /\ held' = [held EXCEPT ![z] = end]
        /\ acked' = [acked EXCEPT ![e][z] = end.index]
        /\ UNCHANGED <<led, log, replies, durable, told, worldVars>>

NoSync(z, upto) == FALSE

NoCopy(z, e, upto) == FALSE

\* What holds whatever clocks show needs no true time.
NextLease == Elect \/ Decide \/ Announce \/ Copy

NextClock == NextLease \/ Pass

(***************************************************************************)
(* A handover.  The leader of epoch 1 serves, with a lease that has run    *)
(* out by nobody's clock here.  It lowers that lease, once.  The next      *)
(* leader asks for its epoch when it is told that this is durable: who     *)
(* asks before finds the old lease, or keeps the lower one from becoming   *)
(* durable, and waits for all of the old one.                              *)
(***************************************************************************)
InitLong == InitServing(3, {})

GiveBack(e, until) ==
    /\ e = 1
    /\ until = 1
    /\ Len(log[e]) = SealOf(e)
    /\ Grant(e, until)

\* The lower lease is all that it appends.
CommitNone(e, txn, ts) == FALSE

PromiseAnyTime(z, e) ==
    /\ e = 2
    /\ e \notin led
    /\ Promise(z, e)

\* The entry after the seal is the lower lease.
PromiseWhenTold(z, e) == durable[1] = 2 /\ PromiseAnyTime(z, e)

TickBelowLease(time) == Before(time, 3) /\ Tick(time)

NextHandover == Elect \/ Decide \/ Copy \/ Pass

SpecHandover == InitLong /\ [][NextHandover]_vars

FairHandover ==
    /\ FairSpec
    /\ WF_vars(GrantNoted(1, 1))
    /\ \A z \in Zone : WF_vars(\E upto \in DOMAIN log[1] : WriteNoted(z, 1, upto))
    /\ WF_vars(\E q \in Quorum : \E upto \in DOMAIN log[1] : DurableNoted(1, q, upto))

(***************************************************************************)
(* Partitions.  The leaders of odd epochs run in one zone, the others in   *)
(* another.                                                                *)
(***************************************************************************)
First == OneHome[1]

Second == CHOOSE z \in Zone : z # First

TwoHomes == [e \in Epoch |-> IF e % 2 = 1 THEN First ELSE Second]

\* To cut one zone off is to cut off the others from it.
PartOne(side) == Cardinality(side) < 2 /\ Part(side)

\* Of two zones one may stand for both.
PartFirst(side) == side \subseteq {First} /\ Part(side)

CrashFirst(z) == z = First /\ Crash(z)

NextPartition == Elect \/ Decide \/ Copy \/ Separate

(***************************************************************************)
(* The region of the first leader is lost for good, at any moment: cut off *)
(* (for liveness), or down.  To lose the witness takes no leader away.     *)
(***************************************************************************)
PartForGood(side) == apart = {} /\ side = {First} /\ Part(side)

NextParting == Elect \/ Decide \/ Pass \/ Copy \/ Separate

SpecParting == InitOne /\ [][NextParting]_vars

NextLosing == Elect \/ Decide \/ Copy \/ \E z \in Zone : CrashNoted(z)

\* The zone of the first leader was cut off, and comes back for good.
InitParted == InitServing(1, {First})

Rejoin(side) == side = {} /\ Part(side)

SpecHealing == InitParted /\ [][NextParting]_vars
=============================================================================
