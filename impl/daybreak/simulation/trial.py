"""The trial of a seed: a run, and what all judges say of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import TracebackType

import msgspec

from daybreak.base.ids import JournalId
from daybreak.journal.replica import Journal
from daybreak.runtime.role import Role
from daybreak.runtime.sim.strikes import write_hits
from daybreak.simulation import judges
from daybreak.simulation.durability import durability
from daybreak.simulation.run import Options, Simulation
from daybreak.simulation.verdict import Finding, FoundError, Verdict
from daybreak.storage.replica import Replica


def run_trial(seed: int, options: Options, directory: Path, *, states: bool = True) -> Verdict:
    """Run a seed; what every judge says of it. Without `states` it is not told which ones were reached, which is
    quicker.

    In `directory`, which is made, there is then its trace, in the directory ``trace``; what the clients saw, which
    `historycheck` reads, in ``history.json``; and when which fault struck, in ``faults.json``. What goes wrong in the
    run is in the verdict, and ends the run; the trace up to there is judged.
    """
    trace = directory / "trace"
    trace.mkdir(parents=True)
    simulation = Simulation(seed, options, trace=trace)
    findings = _run(simulation)
    history = simulation.witness.history()
    (directory / "history.json").write_bytes(msgspec.json.encode(history))
    findings += judges.history(history) + judges.overlaps(simulation.witness.attempts)
    write_hits(simulation.world.strikes.hits, directory / "faults.json")
    said, coverage = judges.conformance(trace, options.adjudicators, states=states)
    outcomes = Counter(attempt.outcome for attempt in simulation.witness.attempts)
    return Verdict(
        seed,
        (*findings, *said),
        committed=outcomes["ok"],
        failed=outcomes["fail"],
        unknown=outcomes["info"],
        virtual_us=simulation.world.now_us - simulation.began_us,
        messages=simulation.world.delivered,
        faults=Counter(simulation.world.strikes.counts),
        actions=coverage.actions,
        pairs=coverage.pairs,
        states=coverage.states,
    )


def _run(simulation: Simulation) -> list[Finding]:
    """Run to the end, or to what ends it; what was found."""
    try:
        simulation.open()
        simulation.play()
        simulation.calm()
        simulation.recover()
        found = _durability(simulation)
        if not found:
            simulation.settle()
    except FoundError as error:
        return [error.finding]
    except Exception as error:
        return [Finding("invariants", _blame(error))]
    finally:
        simulation.close()
    return found


def _durability(simulation: Simulation) -> list[Finding]:
    world, layout = simulation.world, simulation.layout
    storages = {str(node): role for node in layout.storages if isinstance(role := world.role(node), Replica)}
    journals: dict[JournalId, list[Journal]] = {
        journal: [role for node in replicas if isinstance(role := world.role(node), Journal)]
        for journal, replicas in layout.replicas.items()
    }
    return durability(simulation.witness.attempts, storages, journals)


def _blame(error: Exception) -> str:
    """What a role, or a client, has raised, and where."""
    said = f"{type(error).__name__}: {error}".removesuffix(": ")
    where = _place(error.__traceback__)
    return f"{where}: {said}" if where else said


def _place(traceback: TracebackType | None) -> str:
    """The innermost method of a role in a traceback, and the node; empty if there is none."""
    found = ""
    while traceback is not None:
        frame = traceback.tb_frame
        role = frame.f_locals.get("self")
        if isinstance(role, Role):
            found = f"{role.node} in {frame.f_code.co_qualname}"
        traceback = traceback.tb_next
    return found
