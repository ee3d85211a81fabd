"""Histories in files: what is read, what is written, and what is said of what is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from historycheck import Append, HistoryError, Read, Scan, Transaction, Write, check, read, write
from historycheck.generate import Shape, generate
from tests.support.stories import story

ELLE = """
; a run of a list-append workload
[{:type :invoke, :f :txn, :value [[:append :x 1] [:r y nil]], :process 0, :time 10, :index 0}
 #jepsen.history.Op{:type :ok, :f :txn, :value [[:append :x 1] [:r y [1 2]]], :process 0, :time 20, :index 1}
 {:type :info, :f :kill, :process :nemesis, :value ["n1" "n2"], :time 21, :index 2}
 {:type :invoke :f :txn :value [[:w "a \\"b\\"" 3] [:r 4 nil]] :process 1 :time 30 :index 3}
 {:type :invoke :f :txn :value [[:scan [0 9] nil] [:w 3 nil]] :process 2 :time 31 :index 4}
 #_ {:type :nonsense} {:type :fail :f :txn :value nil :process 1 :time 40 :index 5 :error [:conflict 4.5 \\c]}
 {:type :ok :f :txn :value [[:scan [0 9] {1 -7, 3 "s"}] [:w 3 nil]] :process 2 :time 50 :start-ts 8 :commit-ts 9}
 {:type :invoke :f :txn :value [[:r :x nil] [:append :x 2]] :process 7 :time 60 :name "last"}]
"""


def text(path: Path, name: str, content: str | bytes) -> Path:
    """A file with this content."""
    file = path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_elles_notation(tmp_path: Path) -> None:
    found = read(text(tmp_path, "h.edn", ELLE)).transactions
    assert found == (
        Transaction("T0", "0", "ok", (Append("x", 1), Read("y", (1, 2))), 10, 20),
        Transaction("T3", "1", "fail", (Write('a "b"', 3),), 30, 40),
        Transaction("T4", "2", "ok", (Scan(0, 9, ((1, -7), (3, "s"))), Write(3, None)), 31, 50, 8, 9),
        Transaction("last", "7", "info", (Append("x", 2),), 60, None),
    )


def test_maps_need_no_list_around_them_and_no_times(tmp_path: Path) -> None:
    lines = "{:type :invoke :process 0 :value [[:w x 1]]}\n{:type :ok :process 0 :value [[:w x 1]]}\n"
    assert read(text(tmp_path, "h.edn", lines)).transactions == (Transaction("T0", "0", "ok", (Write("x", 1),), 0, 1),)


def test_elles_operations_as_json(tmp_path: Path) -> None:
    begun = '{"type":"invoke","f":"txn","process":0,"index":0,"value":[["scan",[0,5],null],["append","x",1]]}'
    ended = '{"type":"ok","f":"txn","process":0,"index":1,"value":[["scan",[0,5],{"1":5}],["append","x",1]]}'
    expected = (Transaction("T0", "0", "ok", (Scan(0, 5, ((1, 5),)), Append("x", 1)), 0, 1),)
    assert read(text(tmp_path, "h.json", f"[{begun},{ended}]")).transactions == expected
    assert read(text(tmp_path, "h.json", f"{begun}\n{ended}\n")).transactions == expected
    assert read(text(tmp_path, "h.ndjson", f"{begun}\n\n{ended}\n")).transactions == expected


@pytest.mark.parametrize("name", ["h.json", "h.ndjson", "h.jsonl", "h.txt"])
def test_what_is_written_in_json_is_read_again(name: str, tmp_path: Path) -> None:
    for history in (generate(1), generate(2, Shape(transactions=1)), story("a: r x -, add y 2")):
        write(history, tmp_path / name)
        assert read(tmp_path / name) == history


def test_what_is_written_in_edn_says_the_same(tmp_path: Path) -> None:
    for seed in range(20):
        history = generate(seed, Shape(registers=4, lists=4))
        write(history, tmp_path / "h.edn")
        again = read(tmp_path / "h.edn")
        assert [each for each in again.transactions if each.status == "ok"] == [
            each for each in history.transactions if each.status == "ok"
        ]
        assert [each.name for each in again.transactions] == [each.name for each in history.transactions]


def test_odd_names_survive_edn(tmp_path: Path) -> None:
    history = story("a 1..2 in p real 1..1: w x 1\nb 2..3 in q real 1..9: r x 1")
    odd = Transaction('o"\\', ":p q", "ok", (Write("k\n[", "v;"), Scan("a", "b c", (("a1", "é"),))), 3, 4, 5, 6)
    write(type(history)((*history.transactions, odd)), tmp_path / "h.edn")
    assert read(tmp_path / "h.edn").transactions == (*history.transactions, odd)


def test_edn_has_to_have_real_times(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="a has no real times, which EDN cannot do without; write JSON"):
        write(story("a 1..2: w x 1"), tmp_path / "h.edn")


INVOKE = "{:type :invoke :process 0 :value [[:w x 1]]}\n"
BAD: dict[str, tuple[str, str | bytes]] = {
    "h.edn:2: ']' stands where '}' has to": ("h.edn", INVOKE + "{:type :ok ]"),
    "h.edn:1: ')' closes nothing": ("h.edn", ")"),
    "h.edn:2: the file ends before what begins here with '[' does": ("h.edn", INVOKE + "[1 2"),
    "h.edn:3: no EDN: '\"abc'": ("h.edn", INVOKE + INVOKE + '"abc'),
    "h.edn:1: a map has to have a value for each key, and keys that are single values": ("h.edn", "{:a}"),
    "h.edn:1: deeper than 100": ("h.edn", "[" * 200),
    "h.edn:1: a history is a list of maps, one for each operation": ("h.edn", "[1 2]"),
    "h.edn:2: process 0 begins a transaction before it has ended the last one": ("h.edn", INVOKE + INVOKE),
    "h.edn:1: process 3 ends a transaction that it has not begun": ("h.edn", "{:type :ok :process 3}"),
    "h.edn:1: :type is 'okay', and not invoke, ok, fail or info": ("h.edn", "{:type :okay :process 3}"),
    "h.edn:1: :value is no list of reads and writes": (
        "h.edn",
        "{:type :invoke :process 0 :value 3} {:type :ok :process 0}",
    ),
    "h.edn:1: 'cas' is no operation; those are append, w, r and scan": (
        "h.edn",
        "{:type :invoke :process 0 :value [[:cas x 3]]}",
    ),
    "h.edn:1: ['r'] is no operation; one is [:append key element], [:w key value], [:r key value] or a scan": (
        "h.edn",
        "{:type :invoke :process 0 :value [[:r]]}",
    ),
    "h.edn:1: 1.5 is no key; one is a whole number or text": (
        "h.edn",
        "{:type :invoke :process 0 :value [[:w 1.5 1]]}",
    ),
    "h.edn:1: True is no value; one is a whole number or text": (
        "h.edn",
        "{:type :invoke :process 0 :value [[:append 1 true]]}",
    ),
    "h.edn:2: :start-ts is 'x', and not a whole number": (
        "h.edn",
        INVOKE + "{:type :ok :process 0 :value [[:w x 1]] :start-ts x}",
    ),
    "h.edn:1: a scan is [:scan [low high] {key value}]": ("h.edn", "{:type :invoke :process 0 :value [[:scan 1 {}]]}"),
    "h.edn:2: no UTF-8": ("h.edn", b"; \n\xff"),
    "h.json:2: no JSON: Expecting value": ("h.json", "[\n,"),
    "h.json: element 1: neither a transaction nor an operation: 7": ("h.json", '[{"type": "ok"}, 7]'),
    "h.json: Object missing required field `process` - at `$.transactions[0]`": (
        "h.json",
        '{"transactions": [{"name": "a"}]}',
    ),
    "h.ndjson:2: no JSON: JSON is malformed: invalid character (byte 0)": ("h.ndjson", "{}\nx\n"),
    "h.ndjson:1: Object missing required field `name`": ("h.ndjson", "{}\n"),
}


@pytest.mark.parametrize("said", BAD)
def test_bad_input_gets_one_line(said: str, tmp_path: Path) -> None:
    with pytest.raises(HistoryError) as caught:
        read(text(tmp_path, *BAD[said]))
    assert str(caught.value) == f"{tmp_path}/{said}"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"none\.edn: No such file or directory"):
        read(tmp_path / "none.edn")


def test_an_anomaly_is_found_in_a_file(tmp_path: Path) -> None:
    operations = "".join(
        f"{{:type {kind} :process {process} :value [[:r x {seen}] [:append x {process}]]}}"
        for kind, seen in ((":invoke", "nil"), (":ok", "[]"))
        for process in (1, 2)
    )
    report = check(read(text(tmp_path, "h.edn", operations)))
    assert [anomaly.name for anomaly in report.anomalies] == ["lost update"]
