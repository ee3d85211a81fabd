"""A violated property is reported by its own name, however TLC calls the part of it that it checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daybreak.modelcheck.process import Worker
from daybreak.modelcheck.tlc import Job

LOW = """---- MODULE Low ----
EXTENDS Naturals
VARIABLE x
Init == x = 0
Next == x < 5 /\\ x' = x + 1
Spec == Init /\\ [][Next]_x
Fair == Spec /\\ WF_x(Next)
====
"""
HIGH = """---- MODULE High ----
EXTENDS Naturals
CONSTANTS Start, By
VARIABLE y
Low == INSTANCE Low WITH x <- y
Init == y = Start
Next == y < 5 /\\ y' = y + By
Spec == Init /\\ [][Next]_y
RefinesLow == Low!Spec
RefinesFairLow == Low!Fair
Begins == y = 0
ByOne == [][y' = y + 1]_y
Counts == Begins /\\ ByOne
Ends == <>(y = 5)
Natural == y \\in Nat
====
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    worker = Worker(tmp_path_factory.mktemp("worker"), brief=True, heap_mb=256)
    yield worker
    worker.close()


@pytest.mark.parametrize(
    ("start", "by", "properties", "named", "length"),
    [
        (1, 1, "RefinesLow", "RefinesLow", 1),
        (0, 2, "RefinesLow", "RefinesLow", 2),
        (0, 1, "RefinesFairLow", "RefinesFairLow", 1),
        (0, 2, "Ends ByOne RefinesLow", "ByOne", 2),
        (0, 2, "Ends RefinesLow", "RefinesLow", 2),
        (1, 1, "Ends RefinesLow Counts", "RefinesLow", 1),
        (1, 2, "Ends Counts", "Counts", 1),
        (0, 1, "RefinesLow Ends", "Ends", 5),
        (0, 1, "RefinesFairLow Ends ByOne", "RefinesFairLow or Ends", 1),
    ],
)
def test_the_name_of_the_whole_property(
    worker: Worker, tmp_path: Path, start: int, by: int, properties: str, named: str, length: int
) -> None:
    config = f"CONSTANTS Start = {start} By = {by}\nSPECIFICATION Spec\nINVARIANT Natural\nPROPERTIES {properties}\n"
    for name, text in (("Low.tla", LOW), ("High.tla", HIGH), ("High.cfg", config)):
        (tmp_path / name).write_text(text)
    (tmp_path / "scratch").mkdir()
    job = Job(str(tmp_path / "High.tla"), str(tmp_path / "High.cfg"), [], scratch=str(tmp_path / "scratch"))
    outcome = worker.run(job, lambda progress: None)
    assert (outcome.verdict, outcome.property, outcome.length) == ("violates", named, length)


def test_a_simulation_names_it_too(worker: Worker, tmp_path: Path) -> None:
    config = "CONSTANTS Start = 0 By = 2\nSPECIFICATION Spec\nPROPERTIES ByOne RefinesLow\n"
    for name, text in (("Low.tla", LOW), ("High.tla", HIGH), ("High.cfg", config)):
        (tmp_path / name).write_text(text)
    (tmp_path / "scratch").mkdir()
    module, cfg = str(tmp_path / "High.tla"), str(tmp_path / "High.cfg")
    job = Job(module, cfg, [], scratch=str(tmp_path / "scratch"), traces=3, depth=4)
    outcome = worker.run(job, lambda progress: None)
    assert (outcome.verdict, outcome.property, outcome.length) == ("violates", "ByOne", 2)
