----------------------------- MODULE MCTakeover -----------------------------
(***************************************************************************)
(* The models of Takeover.                                                 *)
(***************************************************************************)
EXTENDS TakeoverProps, FiniteSets, TLC

CONSTANTS
    Epochs,     \* how many epochs
    Appends     \* how many records a leader appends at most, after its seal

MCEpoch == 1 .. Epochs

Majorities == {q \in SUBSET Zone : 2 * Cardinality(q) > Cardinality(Zone)}

\* A leader does not append for ever.
AppendsBounded == \A e \in led : ~Own(e, Len(log[e]) - Appends - 1)

\* The same where a constraint would not be sound: a leader that has nothing to
\* append any more.
AppendRecordBounded(epoch, record) ==
    /\ epoch \in led
    /\ durable[epoch] > 0
    /\ ~Own(epoch, Len(log[epoch]) - Appends)
    /\ log' = [log EXCEPT ![epoch] = @ \o <<[epoch |-> epoch, record |-> record]>>]
    /\ UNCHANGED <<promised, written, held, led, replies, acked, durable>>

\* The indexes that there are.
Indexes == 0 .. Epochs * (Appends + 1)

\* Zones are alike, and no property names one.
Zones == Permutations(Zone)
=============================================================================
