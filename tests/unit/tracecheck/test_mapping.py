"""What is wrong with a mapping is said in one line, and nothing can be smuggled through it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tracecheck import MappingError, Plan
from tracecheck.mapping import common_format, load_mapping
from tracecheck.observe import compile_moves

SPECS = Path(__file__).parents[3] / "specs"
GOOD = (SPECS / "adjudication/mapping.toml").read_text()

MakeMapping = Callable[[str], Path]


def test_the_mappings_of_the_specs_are_short() -> None:
    for path in SPECS.glob("*/mapping.toml"):
        assert len(path.read_text().splitlines()) <= 80


def test_a_module_can_be_ignored_as_a_whole() -> None:
    mapping = load_mapping(SPECS / "adjudication/mapping.toml")
    assert mapping.ignores("SnapshotIsolation!Begin")
    assert not mapping.ignores("SnapshotIsolationX!Begin")
    assert not mapping.ignores("Adjudication!Move")


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("[slice]", "[slices]", "[slices]", "[slices] is no table of a mapping; there are events, log"),
        ("[slice]", "slice = 3 #", "slice = 3", "slice must be a table"),
        (
            'by = "slice"',
            'by = "colour"',
            "by =",
            "[slice] by: 'colour' is none of slice, node, epoch; say",
        ),
        ('by = "slice"', 'by = "args.(x"', "by =", "[slice] by: 'args.(x' is no expression"),
        ('by = "slice"', "by = 7", "by =", "[slice]: by: Expected `str`, got `int`"),
        (
            'by = "slice"',
            'by = "slice"\nretired = []',
            "retired",
            "there is no 'retired'; there are by, retire",
        ),
        ('by = "slice"', 'by = "slice"\nretire = ["X"]', "retire", "[slice] retire: X is not mapped in [events]"),
        ('txn   = "string"', 'txn   = "strong"', "txn ", "[types] txn: type 'strong': 'strong' is no type"),
        ('txn   = "string"', "", '"Adjudication!Commit"', "argument txn has no type in [types]"),
        ('txn   = "string"', 'txn = "string"\ntxm = "string"', "txm", "[types] gives txm a type"),
        ('"Renew(until)"', '"Renew until"', "Renew until", "'Renew until' is no expression"),
        ('"Renew(until)"', '"Renew + until"', "Renew +", "is no action applied to arguments"),
        ('"Renew(until)"', '"Renew(until ** 2)"', "Renew(", "there are + - * // and %"),
        ('"Renew(until)"', "7", "= 7", "Adjudication!Renew: Expected `str | object | array`, got `int`"),
        (
            '"Renew(until)"',
            '{ stop = "A" }',
            "stop",
            "Adjudication!Renew: there is no 'stop'; there are when",
        ),
        ('"Renew(until)"', '{ when = "until > 3" }', "Renew", "a rule says one of step, stutter, ignore"),
        ('"Renew(until)"', '{ step = "Renew(until)", ignore = "why" }', "Renew", "a rule says one of"),
        ('"Renew(until)"', '{ stutter = "why" }', "stutter", "a stutter that speaks of no variable checks nothing"),
        ('"Renew(until)"', '{ ignore = "why", after = { x = "until" } }', "ignore", "say stutter"),
        ('"Renew(until)"', '{ step = "Renew(until)", when = "a b" }', "when", "Adjudication!Renew: when: 'a b' is no"),
        (
            '"Renew(until)"',
            '{ step = "Renew(until)", after = { "len(x)" = "until" } }',
            "after",
            "no part of a variable",
        ),
        ('"Renew(until)"', '["Renew(until)", 7]', "Renew", "Expected `str | object`, got `int`"),
        ('"Renew(until)"', '[{ step = "Renew(until)" }, "Renew(until)"]', "Renew", "are never tried"),
        ('"Renew(until)"', "[]", "Renew", "a rule is an action applied to arguments"),
        ('"Renew(until)"', '"Renew(typed(until))"', "Renew", 'write typed(expression, "type")'),
        ('"Renew(until)"', """'Renew(typed(until, "x"))'""", "Renew", "'x' is no type"),
        ('"Renew(until)"', '"Renew(**until)"', "Renew", "nothing is unpacked"),
        ("domain(keys))", "domain(key))", "Commit(", "domain(key): key is none of the action's arguments"),
        ('"SnapshotIsolation!*" = "what', '"SnapshotIsolation!*" = "" # ', "Snapshot", "say why it is left out"),
        (
            "[ignored]",
            '[ignored]\n"Adjudication!Renew" = "no"',
            '"Adjudication!Renew" = "no"',
            "both mapped and ignored",
        ),
        ("[ignored]", '[unused]\n"Adjudication!Move" = { a = "b" }\n[ignored]', "Move", "[unused] speaks of"),
        (
            "[ignored]",
            '[unused]\n"Adjudication!Renew" = { until = "b" }\n[ignored]',
            'until = "b"',
            "both used and unused",
        ),
        ("[types]", '[types."Adjudication!Move"]\nx = "int"\n[types]', "Move", "[types] speaks of Adjudication!Move"),
        ("[types]", "[types", "[types", "the mapping is no TOML"),
        ("[ignored]", "[hidden]\nmost = 1\n[ignored]", '"Adjudication!Commit"', "[hidden] names no actions"),
        ("[ignored]", '[hidden]\nmost = -1\nactions = ["A"]\n[ignored]', "most", "[hidden]: most: Expected `int` >= 0"),
        ("[ignored]", '[complete.txn]\nbegin = ["X"]\nend = []\n[ignored]', "[complete", "X is neither mapped nor"),
        ("[ignored]", '[log]\nevent = "1 + 1"\n[ignored]', "event =", "[log] event: '1 + 1' is no path"),
        ("[ignored]", '[log]\nevent = "e"\nerror = 3\n[ignored]', "error", "so it cannot be off"),
        ("[ignored]", '[log]\nevent = "e"\nunit = "h"\n[ignored]', "unit", "[log]: unit: Invalid enum value 'h'"),
        ("[ignored]", '[log]\nnode = "e"\n[ignored]', "[log]", "[log]: Object missing required field `event`"),
        (
            "[ignored]",
            '[symmetry]\nconstants = "RM"\n[ignored]',
            "constants",
            "constants: Expected `array`",
        ),
    ],
)
def test_malformed_mapping_is_refused(old: str, new: str, field: str, words: str, make_mapping: MakeMapping) -> None:
    assert old in GOOD
    path = make_mapping(GOOD.replace(old, new))
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if field in text)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '[ignored]\n"Adjudication!*" = "all of it"\n',
        '[events]\n"S!A" = "A(_)"\n"S!B" = "B(_, _)"\n',
        '[events]\n"S!A" = "A(_, x=_) or B(_)"\n"S!C" = { ignore = "no step" }\n',
    ],
)
def test_a_mapping_that_constrains_nothing_is_refused(text: str, make_mapping: MakeMapping) -> None:
    with pytest.raises(MappingError, match=r"maps nothing|constrains nothing"):
        load_mapping(make_mapping(text))


def test_the_name_of_an_action_alone_constrains(make_mapping: MakeMapping) -> None:
    assert load_mapping(make_mapping('[events]\n"S!Green" = "Green"\n')).rules["S!Green"].action == "Green"


def test_a_mapping_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot read the mapping"):
        load_mapping(tmp_path / "none.toml")


def test_a_mapping_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_bytes(b"\x00\xff\xfe")
    with pytest.raises(MappingError, match="it is not even text"):
        load_mapping(tmp_path / "m.toml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"Renew(until)"', '"Extend(until)"', "Extend is no action of Next in TraceAdjudication; there are: Commit"),
        ('"Renew(until)"', '"Renew(until, upto)"', "the spec has Renew(until), the mapping gives it 2 arguments"),
        ('"Durable(txn, ts)"', '"Durable(txn)"', "the spec has Durable(txn, ts), the mapping gives it 1 arguments"),
        ('"Renew(until)"', '{ step = "Renew", after = { lease = "until" } }', "the mapping gives it 0 arguments"),
        ("start, keys, used=domain(keys))", "start, keys)", "Next quantifies used before Refuse, and nothing binds it"),
        ("Refuse(txn, start, keys, used=domain(keys))", "Refuse(txn, start, keys, used=domain(txn))", "is no function"),
        (
            "Refuse(txn, start, keys, used=domain(keys))",
            "Refuse(txn, start, keys, txn=txn)",
            "txn is no name",
        ),
        ('"Renew(until)"', '"Renew(until, extra=until)"', "extra is no name that Next quantifies"),
        ('"Renew(until)"', '{ step = "Renew(until)", hidden = { most = 1, actions = ["Tick"] } }', "Tick is no action"),
        (
            '"Renew(until)"',
            '{ step = "Renew(until)", after = { leese = "until" } }',
            "leese is no variable of",
        ),
        ('txn   = "string"', 'txn   = "option(string, Nil)"', "Nil is no model value of the configuration"),
    ],
)
def test_mapping_that_does_not_fit_its_spec_is_refused(
    old: str, new: str, words: str, adjudication: Plan, make_mapping: MakeMapping
) -> None:
    assert old in GOOD
    path = make_mapping(GOOD.replace(old, new, 1) if "Refuse" not in new else GOOD.replace(old, new))
    with pytest.raises(MappingError) as caught:
        compile_moves(load_mapping(path), adjudication.engine)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")


def test_an_argument_that_no_event_gives_is_said_to_be_open(adjudication: Plan, make_mapping: MakeMapping) -> None:
    text = GOOD.replace("Refuse(txn, start, keys, used=domain(keys))", "Refuse(txn, start, _, used=_)")
    moves = compile_moves(load_mapping(make_mapping(text)), adjudication.engine)
    assert moves["Adjudication!Refuse"].action == "Refuse"


def test_types_are_found_by_the_whole_path_then_by_its_last_name(make_mapping: MakeMapping) -> None:
    text = """
        [types]
        from = "string"
        "msg.to" = "int"
        "log[0]" = "bool"
        [types."S!B"]
        from = "time"
        [events]
        "S!A" = "A(msg.from, msg.to, log[0], event.node, n + 1, typed(n, 'model'))"
        "S!B" = "B(msg.from)"
    """
    mapping = load_mapping(make_mapping(text))
    kinds = {
        act: [str(o.type) for one in rule.cases[0].applications for o in one.operands]
        for act, rule in mapping.rules.items()
    }
    assert kinds == {"S!A": ["string", "int", "bool", "value", "value", "model"], "S!B": ["time"]}


def test_the_smaller_tables_are_read(make_mapping: MakeMapping) -> None:
    text = """
        [slice]
        by = "args.msg.txn"
        retire = ["S!Done"]
        [symmetry]
        constants = ["RM", "Key"]
        [types]
        x = "int"
        [events]
        "S!A" = "A(x)"
        "S!Done" = "Done"
        [unused]
        "*" = "everything is logged"
    """
    mapping = load_mapping(make_mapping(text))
    assert (mapping.slice_by, mapping.retire, mapping.symmetric) == (
        "args.msg.txn",
        frozenset({"S!Done"}),
        ("RM", "Key"),
    )
    assert mapping.rules["S!A"].types.keys() == {"x"}
    assert mapping.log is None


def test_mappings_of_one_log_must_read_it_alike(make_mapping: MakeMapping, tmp_path: Path) -> None:
    text = '[events]\n"A" = "A"\n[log]\nevent = "kind"\ntime = "t"\n'
    one, same = load_mapping(make_mapping(text)), load_mapping(make_mapping(text + 'unit = "us"\n'))
    other = load_mapping(make_mapping(text + 'unit = "ms"\n'))
    assert common_format([one, same]) == one.log
    with pytest.raises(MappingError, match=r"its .log. is not that of"):
        common_format([one, other])
