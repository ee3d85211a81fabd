"""`daybreak chaos`: let things go wrong in a running cluster."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from daybreak.cli.arguments import DATA, Parser, positive
from daybreak.control.chaos.remote import Remote
from daybreak.control.chaos.words import Due, parse, read_timeline
from daybreak.control.datadir import processes_of


def run(arguments: argparse.Namespace) -> int:
    """Carry out one command, or those of a file, each at its time; 0 when all are done."""
    words = _without_options(arguments)
    processes = processes_of(arguments.data)
    if words[:1] == ["run"] and len(words) == 2:
        timeline = read_timeline(Path(words[1]), processes)
    else:
        timeline = [Due(0, parse(words, processes))]
    remote = Remote(arguments.data, processes, arguments.seed)
    try:
        asyncio.run(_play(remote, timeline))
    finally:
        remote.close()
    return 0


def _without_options(arguments: argparse.Namespace) -> list[str]:
    """The words of the command; options may stand behind them, and `-3600s` is none of those."""
    options = Parser(prog="daybreak chaos", add_help=False, allow_abbrev=False)
    add_options(options)
    options.set_defaults(data=arguments.data, seed=arguments.seed)
    late, words = options.parse_known_args(arguments.words)
    arguments.data, arguments.seed = late.data, late.seed
    return words


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `daybreak chaos` takes besides a command in words."""
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="data directory of the running server")
    parser.add_argument("--seed", type=positive, help="for what is left to chance (default: another one each time)")


async def _play(remote: Remote, timeline: list[Due]) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for seconds, command in timeline:
        await asyncio.sleep(max(0, begun + seconds - loop.time()))
        said = remote.carry_out(command)
        if said:
            print(said, flush=True)
