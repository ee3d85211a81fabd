--------------------------- MODULE MCAdjudication ---------------------------
(***************************************************************************)
(* The models of Adjudication: two small worlds, each of which looks at    *)
(* one half of the rules closely.                                          *)
(***************************************************************************)
EXTENDS AdjudicationProps, TraceAdjudication

CONSTANT Horizon    \* the greatest time

MCTime == 1 .. Horizon

\* Keys are alike, and no property names one: a renaming of keys turns a
\* behaviour into a behaviour, so one of them stands for all.
Keys == Permutations(Key)

(***************************************************************************)
(* Conflicts alone: the lease is long and nobody asks for promises.        *)
(* Promise and lease only narrow the choice of commit times, and leave no  *)
(* trace in what is remembered of conflicts; so nothing that the conflict  *)
(* check could get wrong is lost without them.                             *)
(***************************************************************************)
InitConflicts ==
    /\ history = << >>
    /\ floor = Zero
    /\ latest = Zero
    /\ promise = Zero
    /\ lease = Horizon
    /\ appending = {}
    /\ commits = << >>
    /\ journal = {}
    /\ told = Zero
    /\ ended = Zero

(***************************************************************************)
(* Journal and crashes alone: every transaction writes one and the same    *)
(* key.  Classes and further keys decide only who is refused, and who is   *)
(* refused leaves nothing behind.                                          *)
(***************************************************************************)
KeysWritten == {k :> "W" : k \in Key}

-----------------------------------------------------------------------------
\* INV: P10.  Recorded runs are compared with a spec that searches the history
\* from its end; that finds the same conflicts.
SearchAgrees ==
    \A start \in Time, keys \in KeysUsed :
        ClashFromTheEnd(start, keys) <=> ClashAfter(start, keys)
=============================================================================
