--------------------------- MODULE TracePlacement ---------------------------
(***************************************************************************)
(* Placement as it is compared with recorded runs: keys are strings of     *)
(* bytes, written as the sequence of their numbers and compared byte by    *)
(* byte; times are microseconds since 1970 written as                      *)
(* <<seconds, microseconds>>.                                              *)
(*                                                                         *)
(* What an adjudicator owns in the beginning is not known: that it says    *)
(* when it first reads its journal, and then nobody else may have it.      *)
(*                                                                         *)
(* A catalog mark belongs to the adjudicator whose name it bears, and is   *)
(* in no range.                                                            *)
(***************************************************************************)
EXTENDS Placement

CONSTANT
    NoEnd       \* the high end of the last range

TraceTxn  == STRING
TraceKey  == Seq(Nat)
TraceTime == Nat \X Nat
TraceZero == <<0, 0>>

\* What these look like, the types of the mapping say.
TraceAny == Any

TraceBottom == << >>
TraceEnd == NoEnd

RECURSIVE LessFrom(_, _, _)
LessFrom(a, b, n) ==
    IF n > Len(b) THEN FALSE
    ELSE IF n > Len(a) THEN TRUE
    ELSE IF a[n] = b[n] THEN LessFrom(a, b, n + 1)
    ELSE a[n] < b[n]

BytesBefore(a, b) == LessFrom(a, b, 1)

BelowHighOrNoEnd(k, high) == IF high = NoEnd THEN TRUE ELSE BytesBefore(k, high)

HighAtMostOrNoEnd(a, b) == IF b = NoEnd THEN TRUE ELSE IF a = NoEnd THEN FALSE ELSE ~BytesBefore(b, a)

-----------------------------------------------------------------------------
\* The digits of names adj-0 to adj-15, as bytes.
Digits ==
    ("adj-0" :> <<48>>) @@ ("adj-1" :> <<49>>) @@ ("adj-2" :> <<50>>) @@ ("adj-3" :> <<51>>) @@
    ("adj-4" :> <<52>>) @@ ("adj-5" :> <<53>>) @@ ("adj-6" :> <<54>>) @@ ("adj-7" :> <<55>>) @@
    ("adj-8" :> <<56>>) @@ ("adj-9" :> <<57>>) @@ ("adj-10" :> <<49, 48>>) @@
    ("adj-11" :> <<49, 49>>) @@ ("adj-12" :> <<49, 50>>) @@ ("adj-13" :> <<49, 51>>) @@
    ("adj-14" :> <<49, 52>>) @@ ("adj-15" :> <<49, 53>>)

TraceAdj == DOMAIN Digits

\* Marks have a table of their own, the second one.
IsMark(k) == k[4] = 2 /\ k[3] = 0 /\ k[2] = 0 /\ k[1] = 0

MarkOf(adj) == <<0, 0, 0, 2, 97, 100, 106, 45>> \o Digits[adj]

InRangeUnlessMark(k, r) == ~BytesBefore(k, r.low) /\ BelowHighOrNoEnd(k, r.high) /\ ~IsMark(k)

HasOrMark(adj, k) ==
    IF IsMark(k) THEN k = MarkOf(adj) ELSE \E r \in ranges[adj] : InRangeUnlessMark(k, r)

-----------------------------------------------------------------------------
Apart(r, s) == ~BelowHighOrNoEnd(s.low, r.high) \/ ~BelowHighOrNoEnd(r.low, s.high)

\* Who has never had a lease begins with what nobody has.
BeginsOrContinues(adj, found, owned) ==
    IF lease[adj] = Zero /\ ranges[adj] = {}
    THEN \A r \in found :
             /\ \A a \in Adj : \A s \in ranges[a] \cup leaving[a] : Apart(r, s)
             /\ \A m \in moving : Apart(r, m)
    ELSE SameKeys(found, owned)
=============================================================================
