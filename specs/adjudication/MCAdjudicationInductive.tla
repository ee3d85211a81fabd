----------------------- MODULE MCAdjudicationInductive -----------------------
(***************************************************************************)
(* Every step from every state of a small world that satisfies Inductive,  *)
(* whether the state can be reached or not.  The world is built variable   *)
(* by variable; each conjunct is asked as soon as its variables are there. *)
(***************************************************************************)
EXTENDS AdjudicationInductive

CONSTANTS
    Horizon,    \* the greatest time
    Commits     \* how many commits there are at most, before the step

MCTime == 1 .. Horizon

\* One class: which of them conflict plays no part in the induction.
OneClass == {"W"}

Sequences(S) == UNION {[1 .. n -> S] : n \in 0 .. Commits}

Records == [txn : 1 .. Commits, ts : Time]

Times0 == Time \cup {Zero}

\* TLC is to ask whether p is true, and not to look for states that make it so.
Asked(p) == p = TRUE

InitInductive ==
    /\ commits \in Sequences([start : Time, keys : KeysUsed, ts : Time])
    /\ Asked(NoConflictMissed)
    /\ floor \in Times0
    /\ history \in Sequences([ts : Time, keys : KeysUsed])
    /\ Asked(Remembered)
    /\ Asked(NothingStale)
    /\ latest \in Times0
    /\ Asked(CommitsUpToLatest)
    /\ lease \in Times0
    /\ Asked(LatestWithinLease)
    /\ promise \in Times0
    /\ Asked(PromiseWithinLease)
    /\ told \in Times0
    /\ Asked(ToldWithinPromise)
    /\ ended \in Times0
    /\ Asked(EndedWithinPromise)
    /\ appending \in SUBSET Records
    /\ Asked(PromiseBelowRecords)
    /\ journal \in SUBSET Records
    /\ Asked(NamesGiven)
    /\ Asked(UnderWay)

\* One step from each of them is looked at, and where it leads out of this small
\* world no further one.
Within == Len(commits) <= Commits /\ Len(history) <= Commits
=============================================================================
