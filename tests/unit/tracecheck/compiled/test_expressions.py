"""Each construct of the language, as TLC evaluates it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.tracecheck.compiled.both import values

LOGIC = r"""
TRUE /\ FALSE
TRUE \/ 1
1 \/ TRUE
TRUE /\ 1
FALSE /\ 1
FALSE => 1
~TRUE
~0
TRUE <=> FALSE
TRUE <=> 1
IF 1 < 2 THEN "a" ELSE 1 \div 0
IF 0 THEN 1 ELSE 2
CASE 1 > 2 -> "a" [] 2 > 1 -> "b"
CASE 1 > 2 -> "a" [] OTHER -> "c"
CASE 1 > 2 -> "a" [] 3 > 4 -> "c"
\A i \in 1..3, j \in 2..4 : i <= j
\A i \in 1..3, j \in 1..2 : i + j < 5
\E i \in {} : TRUE
\E <<a, b>> \in {<<1, 2>>, <<3, 4>>} : a + b = 7
\A i \in Nat : i > 0
LET a == 1 \div 0 IN 5
LET a == 3 b == a + 1 IN <<a, b>>
LET f(i) == i + 1 IN f(f(3))
LET f(i, j) == IF i = 0 THEN 7 ELSE j IN f(0, 1 \div 0)
LET f(i, j) == i = 0 \/ j = 1 IN f(0, 1 \div 0)
LET f(i, j) == i = 1 /\ j = 1 IN f(0, 1 \div 0)
"""

NUMBERS = r"""
1 + 2 * 3 - 4
2147483647 + 1
-2147483647 - 1
(-2147483647 - 1) - 1
65536 * 65536
7 \div 2
(-7) \div 2
7 \div (-2)
7 % 3
(-7) % 3
7 % (-3)
7 \div 0
2 ^ 10
2 ^ 31
2 ^ 30
0 ^ 0
2 ^ (-1)
-(3)
1 < "a"
"a" < "b"
1 <= 1 /\ 2 >= 1 /\ ~(2 > 2) /\ 1 # 2
3 .. 1
1 .. "a"
1 + TRUE
"""

EQUALITY = r"""
1 = 1
1 = TRUE
1 = "a"
"a" = "a"
m1 = 1
m1 = m2
m1 = m1
"a" = m1
<<1, 2>> = <<1, 2>>
<<1, 2>> = <<1, 3>>
<<1>> = <<"a">>
<<1>> = <<TRUE>>
<<1, 2>> = <<1>>
<<1>> = [i \in {1} |-> 1]
<<>> = [i \in {} |-> 1]
[a |-> 1] = [a |-> 1]
[a |-> 1] = [b |-> 1]
[a |-> 1] = [a |-> "x"]
[a |-> 1] = <<1>>
[a |-> 1] = ("a" :> 1)
<<1>> = [a |-> 1]
(2 :> 1) = (3 :> 1)
(2 :> 1) = ("a" :> 1)
(2 :> 1) = <<1>>
[a |-> 0] = [a |-> FALSE]
{0} = {FALSE}
<<{0}>> = <<{FALSE}>>
{<<1, 2>>} = {<<1>>}
{} = {}
{1} = {1, 1}
{1} = {"a"}
{1} = {1, 2}
{1} = 1
{1} = m1
<<>> = {}
1..3 = {1, 2, 3}
SUBSET {1} = {{}, {1}}
[{1} -> {1, 2}] = {<<1>>, <<2>>}
{1} \X {2} = {<<1, 2>>}
Nat = {1}
{{1}, {2}} = {{2}, {1}}
"""

SETS = r"""
1 \in {1, 2}
3 \in {1, 2}
"a" \in {1, 2}
1 \in {}
m1 \in {1}
1 \in {m1}
1 \in {m1, "a"}
m1 \in S
m3 \notin S
1 \in Nat /\ -1 \notin Nat /\ -1 \in Int
"a" \in Nat
m1 \in Nat
"a" \in STRING
1 \in STRING
1 \in Any
<<"a", [b |-> m1]>> \in Any
m1 \in STRING
TRUE \in BOOLEAN
1 \in BOOLEAN
{1} \subseteq {1, 2}
{3} \subseteq Nat
{} \subseteq {}
{"a"} \subseteq Nat
{1} \cup {2} \cup {1}
{1} \cup {"a"}
{1} \cup S
{1, 2} \cap {2, 3}
{1, 2} \ {2, 3}
(1..5) \ {2}
2 \in Nat \ {2}
3 \in (Nat \cup {-1}) \cap Int
UNION {{1}, {2, 3}, {}}
UNION {}
3 \in UNION {Nat, {-1}}
SUBSET {1, 2}
{1, 2} \in SUBSET Nat
{1, "a"}
{1, m1}
{i \in 1..5 : i % 2 = 0}
{<<a, b>> \in {<<1, 2>>, <<2, 1>>} : a < b}
{i * i : i \in 1..3}
{i + j : i \in 1..3, j \in {10, 20}}
{<<i, j>> : i, j \in 1..2}
{1, 2} \X {3}
<<1, 2>> \in Nat \X Nat
<<1>> \in Nat \X Nat
1 \in Nat \X Nat
<<1, "a">> \in Nat \X Nat
<<1, 2, 3>> \in Nat \X Nat \X Nat
[{1, 2} -> {3, 4}]
[{} -> {1}]
[{1} -> {}]
<<1, 2>> \in [1..2 -> Nat]
("a" :> 1) \in [{"a"} -> Nat]
("a" :> 1) \in [{"b"} -> Nat]
<<>> \in [{} -> Nat]
1 \in [{1} -> {1}]
[a : {1}, b : {2, 3}]
[a |-> 1] \in [a : Nat]
[a |-> 1, b |-> 2] \in [a : Nat]
<<1>> \in [a : Nat]
1 \in [a : Nat]
<<1, 2>> \in Seq(Nat)
<<"a">> \in Seq(Nat)
[a |-> 1] \in Seq(Nat)
1 \in Seq(Nat)
Cardinality({1, 2, 1})
Cardinality(SUBSET (1..4))
Cardinality(Nat)
Cardinality(1)
IsFiniteSet(1..3)
IsFiniteSet(Nat)
1 \in 2
{1} \cup 2
Permutations({m1, m2})
{x0 \in SUBSET {1, 2, 3} : Cardinality(x0) = 2}
{n \in Nat : n < 3} = {}
2 \in {n \in Nat : n < 3}
"""

FUNCTIONS = r"""
[i \in 1..3 |-> i * i][2]
[i \in 1..3 |-> i * i][4]
[i \in {"a"} |-> 1]["b"]
[i \in {2, 3} |-> i]
[i \in {1, 2}, j \in {3} |-> i + j]
[i \in {1, 2}, j \in {3} |-> i + j][2, 3]
[<<a, b>> \in {<<1, 2>>} |-> a + b]
[i \in {} |-> 1]
DOMAIN <<4, 5>>
DOMAIN [a |-> 1, b |-> 2]
DOMAIN 1
DOMAIN {1}
[a |-> 1, b |-> 2].b
[a |-> 1].b
<<1>>.a
<<4, 5>>[1]
<<4, 5>>[0]
<<4, 5>>[3]
<<4, 5>>["a"]
1[1]
[<<1, 2>> EXCEPT ![1] = 9]
[<<1, 2>> EXCEPT ![1] = @ + 5]
[<<1, 2>> EXCEPT ![3] = 9]
[<<1, 2>> EXCEPT ![3] = 1 \div 0]
[[a |-> 1] EXCEPT !.a = "x"]
[[a |-> 1] EXCEPT !.b = "x"]
[[a |-> 1, b |-> <<1, 2>>] EXCEPT !.b[2] = @ * 10, !.a = 0]
[[a |-> 1] EXCEPT !.a = 2, !.a = @ + 1]
[[i \in {2, 3} |-> [j \in {4} |-> 0]] EXCEPT ![2][4] = 7]
[[i \in {1, 2}, j \in {3} |-> 0] EXCEPT ![1, 3] = 7]
[1 EXCEPT ![1] = 2]
("a" :> 1) @@ ("b" :> 2)
("a" :> 1) @@ ("a" :> 2)
(1 :> 1) @@ (2 :> 2)
(2 :> 1) @@ (3 :> 2)
<<1, 2>> @@ <<3, 4, 5>>
<<>> @@ ("a" :> 1)
[a |-> 1] @@ [b |-> 2]
1 @@ <<1>>
LET f[i \in 0..5] == IF i = 0 THEN 1 ELSE i * f[i - 1] IN f[5]
LET f[i \in Nat] == IF i = 0 THEN 1 ELSE i * f[i - 1] IN f[6]
LET f[i \in Nat] == IF i = 0 THEN 1 ELSE i * f[i - 1] IN f[-1]
LET f[i \in 1..3] == i IN f
[i \in DOMAIN <<7, 8, 9>> \ {3} |-> <<7, 8, 9>>[i]]
[k \in DOMAIN [a |-> 1, b |-> 2] \ {"a"} |-> [a |-> 1, b |-> 2][k]]
[k \in DOMAIN [a |-> 1, b |-> 2] |-> IF k \in {"a", "z"} THEN 9 ELSE [a |-> 1, b |-> 2][k]]
[k \in DOMAIN [a |-> 1] \ {"a"} |-> IF k \in 1 \div 0 THEN 9 ELSE [a |-> 1][k]]
"""

SEQUENCES = r"""
Len(<<1, 2>>)
Len("abc")
Len(1)
Len([a |-> 1])
Append(<<1>>, 2)
Append(1, 2)
Append([i \in {1} |-> 5], 6)
<<1>> \o <<2, 3>>
"ab" \o "c"
<<1>> \o 2
Head(<<3, 4>>)
Head(<<>>)
Tail(<<3, 4>>)
Tail(<<>>)
SubSeq(<<1, 2, 3, 4>>, 2, 3)
SubSeq(<<1, 2>>, 2, 1)
SubSeq(<<1, 2>>, 0, 1)
SubSeq(<<1, 2>>, 1, 3)
SelectSeq(<<1, 2, 3, 4>>, LAMBDA i : i > 2)
SelectSeq(<<1, 2, 3, 4>>, IsEven)
SelectSeq(<<1>>, LAMBDA i : 5)
SelectSeq(1, IsEven)
Print("a", 3)
PrintT("a")
Assert(TRUE, "a")
Assert(FALSE, "a")
"""

CHOICE = r"""
CHOOSE i \in 3..9 : i % 4 = 0
CHOOSE i \in {5, 3, 4} : TRUE
CHOOSE i \in {} : TRUE
CHOOSE i \in {1} : FALSE
CHOOSE s \in {"zebra", "apple", "mango"} : TRUE
CHOOSE s \in {m3, m2, m1} : s # m1
CHOOSE s \in {m3, 5, m1, 2} : TRUE
CHOOSE s \in {TRUE, FALSE} : TRUE
CHOOSE s \in {<<2, 1>>, <<1, 9>>, <<3>>} : TRUE
CHOOSE s \in {<<2, 1>>, <<1, 9>>} : TRUE
CHOOSE s \in SUBSET {3, 1, 2} : Cardinality(s) = 2
CHOOSE s \in {{5}, {1, 2}, {3}} : TRUE
CHOOSE r \in {[zz |-> 1, aa |-> 5], [zz |-> 2, aa |-> 1]} : TRUE
CHOOSE r \in [zz : {1, 2}, aa : {7, 3}] : r.zz # 1 \/ r.aa # 3
CHOOSE f \in [{"q", "p"} -> {1, 2}] : f["p"] # f["q"]
CHOOSE f \in {("q" :> 1), ("p" :> 1)} : TRUE
CHOOSE f \in {[i \in {2, 3} |-> 1], [i \in {2, 4} |-> 0]} : TRUE
CHOOSE f \in {[i \in {2, 3} |-> 1], <<5, 6>>} : TRUE
CHOOSE f \in {[i \in {2, 5} |-> 1], [i \in {2, 4} |-> 1]} : TRUE
CHOOSE f \in {(2 :> 1) @@ (5 :> 0), (2 :> 1) @@ (4 :> 9)} : TRUE
CHOOSE f \in {<<5, 6>>, [i \in {1, 3} |-> 4]} : TRUE
CHOOSE f \in {<<5, 6>>, [i \in {0, 3} |-> 4]} : TRUE
CHOOSE f \in {<<5, 6>>, [i \in 3..4 |-> 4]} : TRUE
CHOOSE f \in {[i \in 2..3 |-> 5], [i \in {2, 4} |-> 4]} : TRUE
CHOOSE f \in {[i \in {m1, m2} |-> 1], [i \in {m1, m2} |-> 0]} : TRUE
CHOOSE p \in {1, 2} \X {"b", "a"} : TRUE
CHOOSE <<a, b>> \in {<<2, 1>>, <<1, 9>>} : a < b
"""

DEFINITIONS = r"""
IsEven(i) == i % 2 = 0
"""


@pytest.mark.parametrize(
    "table",
    [LOGIC, NUMBERS, EQUALITY, SETS, FUNCTIONS, SEQUENCES, CHOICE],
    ids=["logic", "numbers", "equality", "sets", "functions", "sequences", "choice"],
)
def test_expressions_have_the_value_that_tlc_gives(tmp_path: Path, table: str) -> None:
    expressions = table.strip().splitlines()
    ours, theirs = values(tmp_path, expressions, DEFINITIONS)
    differing = [(text, a, b) for text, a, b in zip(expressions, ours, theirs, strict=True) if a != b]
    assert not differing
