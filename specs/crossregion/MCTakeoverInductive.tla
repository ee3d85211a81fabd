------------------------- MODULE MCTakeoverInductive -------------------------
(***************************************************************************)
(* Every step from every state of a small world that satisfies Inductive,  *)
(* whether the state can be reached or not.  The world is built variable   *)
(* by variable; each conjunct is asked as soon as its variables are there. *)
(***************************************************************************)
EXTENDS TakeoverInductive, FiniteSets

CONSTANTS
    Epochs,     \* how many epochs
    Told        \* how many replies there are at most

MCEpoch == 1 .. Epochs

Pairs == {q \in SUBSET Zone : Cardinality(q) = 2}

\* The log of epoch e has at most e entries.
Logs == [1 .. Epochs -> UNION {[1 .. n -> Entry] : n \in 0 .. Epochs}]

Small(logs) == \A e \in Epoch : Len(logs[e]) <= e

Positions == {Nowhere} \cup [epoch : Epoch, index : 1 .. Epochs]

\* Replies that somebody still reads, not more than Told of them.
Replies ==
    LET all == [epoch : Epoch \ led, zone : Zone, held : {p \in Positions : Real(p)}]
    IN  {{}} \cup {{a} : a \in all} \cup IF Told < 2 THEN {} ELSE {{a, b} : a, b \in all}

\* Zones are alike: to look at one order of them is enough.
Rank(z) == <<promised[z], written[z].epoch, written[z].index, held[z].index>>

AtMostAs(a, b) ==
    LET differ == {i \in DOMAIN a : a[i] # b[i]}
    IN  differ # {} => \E i \in differ : a[i] < b[i] /\ \A j \in differ : i <= j

InOrder == AtMostAs(Rank("z1"), Rank("z2")) /\ AtMostAs(Rank("z2"), Rank("z3"))

\* TLC is to ask whether p is true, and not to look for states that make it so.
Asked(p) == p = TRUE

InitInductive ==
    /\ led \in SUBSET Epoch
    /\ log \in {logs \in Logs : Small(logs) /\ \A e \in Epoch \ led : logs[e] = << >>}
    /\ Asked(LogsAscend)
    /\ Asked(LogsKnown)
    /\ Asked(LogsMatch)
    /\ promised \in [Zone -> 0 .. Epochs]
    /\ Asked(LedPromised)
    /\ written \in [Zone -> {p \in Positions : Real(p)}]
    /\ Asked(WrittenPromised)
    /\ held \in [Zone -> {p \in Positions : Real(p)}]
    /\ Asked(HeldWithinWritten)
    /\ Asked(InOrder)
    /\ acked \in [Epoch -> [Zone -> 0 .. Epochs]]
    /\ Asked(NoneAckedBefore)
    /\ Asked(AckedWithinLog)
    /\ Asked(Settled)
    /\ Asked(AckedHeld)
    /\ replies \in Replies
    /\ Asked(RepliesPromised)
    /\ Asked(RepliesBelow)
    /\ Asked(AckedTold)
    /\ durable \in [Epoch -> 0 .. Epochs]
    /\ Asked(NoneDurableBefore)
    /\ Asked(DurableAcked)

\* One step from each of them is looked at, and where it leads out of this small
\* world no further one.
Within == Small(log) /\ Cardinality(replies) <= Told /\ InOrder
=============================================================================
