"""How methods and spec actions are compared, and what the page says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.trace.action import Performance
from tools import actionmap
from tools.actionmap import SpecModule, disagreements, main, performances, place, render, spec_files, stale

SPEC = SpecModule(Path("specs/lock/Lock.tla"), {"Take": ("who",), "Give": ("who", "to"), "Break": ()})
ABOVE = SpecModule(Path("specs/mutex/Mutex.tla"), {"Enter": ("who",)})
COMMIT = "daybreak.adjudicator.adjudicator:Adjudicator.commit"

TAKE = Performance("Lock!Take", "Mutex!Enter", COMMIT, ("who",))
GIVE = Performance("Lock!Give", None, COMMIT, ("who", "to"))
BREAK = Performance("Lock!Break", None, COMMIT, ())


def test_agreement_is_silent() -> None:
    assert disagreements([TAKE, GIVE, BREAK], [SPEC, ABOVE]) == []


@pytest.mark.parametrize(
    ("registry", "complaint"),
    [
        ([TAKE, GIVE], "Lock!Break: no method performs it"),
        ([TAKE._replace(refines=None), GIVE, BREAK], "Mutex!Enter: no method performs it"),
        ([TAKE, GIVE._replace(parameters=("to", "who")), BREAK], "Lock!Give(who, to): "),
        ([TAKE, GIVE._replace(action="Lock!Lend"), BREAK], "Lock!Lend: no action of a Next"),
        ([TAKE._replace(refines="Mutex!Leave"), GIVE, BREAK], "Mutex!Leave: no action of a Next"),
        ([TAKE, GIVE, BREAK, BREAK], "Lock!Break: performed by"),
        ([TAKE, GIVE, BREAK._replace(refines="Lock!Give")], "Lock!Give: both"),
    ],
)
def test_a_disagreement_is_named(registry: list[Performance], complaint: str) -> None:
    assert any(line.startswith(complaint) for line in disagreements(registry, [SPEC, ABOVE]))


def test_only_rungs_with_a_mapping_are_compared(tmp_path: Path) -> None:
    for name in ("lock/Lock", "lock/MCLock", "lock/TraceLock", "lock/LockProps", "lib/Times", "key/Key", "key/MCKey"):
        path = tmp_path / f"{name}.tla"
        path.parent.mkdir(exist_ok=True)
        path.write_text("Props == TRUE\n" if name.endswith(("Props", "Times")) else "Next == FALSE\n")
    (tmp_path / "lock" / "mapping.toml").touch()
    assert [path.stem for path in spec_files(tmp_path)] == ["Lock"]


def test_a_place_is_the_line_of_the_definition() -> None:
    file, line = place(GIVE).split(":")
    source = Path(__file__).parents[3] / "impl" / "daybreak" / file
    assert source.read_text().splitlines()[int(line) - 1].startswith("    def commit(self")


def test_a_row_names_the_other_rung(tmp_path: Path) -> None:
    modules = [SpecModule(tmp_path / module.path, module.actions) for module in (SPEC, ABOVE)]
    text = render(modules, [TAKE, GIVE, BREAK], tmp_path)
    assert "| `Take` | who | `commit` |" in text
    assert "| `Mutex!Enter` |" in text
    assert "in `Lock!Take`" in text


def test_registered_steps_are_those_of_roles() -> None:
    assert {step.method.split(":")[0].split(".")[0] for step in performances()} == {"daybreak"}


def test_stale_pages_are_those_that_differ(tmp_path: Path) -> None:
    fresh, old, missing = (tmp_path / name for name in ("fresh", "old", "missing"))
    fresh.write_text("text")
    old.write_text("other")
    assert stale({fresh: "text", old: "text", missing: "text"}) == [old, missing]


def test_check_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    monkeypatch.setattr(actionmap, "pages", lambda: {page: "text"})
    monkeypatch.setattr(actionmap, "spec_modules", lambda: [SPEC, ABOVE])
    monkeypatch.setattr(actionmap, "performances", lambda: [TAKE, GIVE, BREAK])
    assert (main(["--check"]), page.exists()) == (1, False)
    assert (main([]), page.read_text()) == (0, "text")
    assert main(["--check"]) == 0


def test_a_disagreement_is_an_error_even_if_pages_are_fresh(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(actionmap, "pages", dict)
    monkeypatch.setattr(actionmap, "spec_modules", lambda: [SPEC, ABOVE])
    monkeypatch.setattr(actionmap, "performances", lambda: [TAKE, GIVE])
    assert main(["--check"]) == main([]) == 1
    assert "Lock!Break: no method performs it" in capsys.readouterr().err
