"""Arguments of the command, and which function carries each subcommand out."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from pathlib import Path

from daybreak.base.ranges import ADJUDICATORS
from daybreak.base.topology import TOPOLOGIES
from daybreak.cli import bench, chaos, check, cluster, history, leaders, ranges, region, serve, simulate, status
from daybreak.cli.arguments import DATA, Parser, add_addresses, adjudicators, port, positive, rate, share
from daybreak.control.balancer import SPLIT_ABOVE
from daybreak.control.chaos.words import USAGE
from daybreak.control.leading import LEAD_SHARE
from daybreak.errors import DaybreakError
from daybreak.zones import MODES, ZONES
from tracecheck.commands.outputs import add_outputs


def build() -> Parser:
    """The parser of all subcommands."""
    parser = Parser(prog="daybreak", description="A distributed SQL database whose every commit is checked.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="run a server"))
    _add_status(commands.add_parser("status", help="show what a running server does"))
    _add_check(commands.add_parser("check", help="check a trace directory against every spec that has a mapping"))
    history.add_arguments(commands.add_parser("history", help="check what clients saw against snapshot isolation"))
    cluster.add_arguments(commands.add_parser("cluster", help="make a cluster whose regions are on other machines"))
    node = commands.add_parser("node", help="run one zone, or a machine of a cluster", add_help=False)
    node.add_argument("rest", nargs=argparse.REMAINDER)
    region.add_arguments(commands.add_parser("region", help="run the process of one of several regions"))
    modelcheck = commands.add_parser("modelcheck", help="check the specs' models", add_help=False)
    modelcheck.add_argument("rest", nargs=argparse.REMAINDER)
    _add_ranges(commands.add_parser("ranges", help="see, split, merge and move the key ranges of a running server"))
    _add_leaders(commands.add_parser("adjudicators", help="see where adjudicators run, and move them"))
    _add_bench(commands.add_parser("bench", help="prepare pgbench's tables"))
    _add_chaos(commands.add_parser("chaos", help="let things go wrong in a server that was started with --chaos"))
    simulate.add_arguments(commands.add_parser("simulate", help="run whole clusters in virtual time, and judge them"))
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=5432, help="port for clients, 0 for a free one (default 5432)")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="data directory (default .daybreak)")
    parser.add_argument(
        "--regions",
        type=int,
        choices=sorted(TOPOLOGIES),
        help="regions with an endpoint each, of a new data directory: 1, or 2 and a witness (default 1)",
    )
    parser.add_argument("--port-b", type=port, help="port of the second region's endpoint (default: that after --port)")
    parser.add_argument(
        "--adjudicators",
        type=adjudicators,
        metavar="N",
        help=f"cut the keys of a new data directory into N parts, one adjudicator each (default {ADJUDICATORS})",
    )
    parser.add_argument("--trace", type=Path, metavar="DIR", help="write every protocol step to DIR")
    parser.add_argument(
        "--monitor", action="store_true", help="check the trace while it is written (default trace: DATA/trace)"
    )
    parser.add_argument(
        "--metrics", type=port, metavar="PORT", help="the same, and serve the check's Prometheus metrics on PORT"
    )
    parser.add_argument(
        "--processes",
        choices=MODES,
        default=ZONES,
        help="a process per zone, all in a single one, or zones apart, run by daybreak node (default zones)",
    )
    add_addresses(parser)
    parser.add_argument("--chaos", action="store_true", help="obey daybreak chaos; for tests")
    parser.add_argument(
        "--split-above",
        type=rate,
        default=SPLIT_ABOVE,
        metavar="COMMITS",
        help=f"split a key range that has more per second, and spread the load; 0: never (default {SPLIT_ABOVE})",
    )
    parser.add_argument(
        "--lead-share",
        type=share,
        default=LEAD_SHARE,
        metavar="PERCENT",
        help="have an adjudicator run in the region from which so many of its transactions come; 0: never "
        f"(default {LEAD_SHARE})",
    )
    parser.set_defaults(run=serve.run)


def _add_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="data directory (default .daybreak)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=status.run)


_PLACE = "a key in hexadecimal digits, as the list shows it, or a table and values of its primary key"


def _add_ranges(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="ranges_command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="show all ranges, in key order")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=ranges.run_list)
    split = commands.add_parser("split", help="have a range begin at a key: pgbench_accounts 50000")
    merge = commands.add_parser("merge", help="make one range of the two that meet at a key; they have one owner")
    move = commands.add_parser("move", help="give the range that a key lies in to an adjudicator: 40000000 adj-1")
    for command in (split, merge, move):
        what = f"{_PLACE}; then the adjudicator" if command is move else _PLACE
        command.add_argument("at", nargs="+", metavar="KEY", help=what)
        command.set_defaults(run=ranges.run_order)
    for command in (listing, split, merge, move):
        command.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="that of the running server")


def _add_leaders(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="leaders_command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="show where each one runs, and where its transactions come from")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=leaders.run_list)
    move = commands.add_parser("move", help="have one run in a region or zone, and stay there: adj-0 B")
    free = commands.add_parser("free", help="leave it to the server where one runs")
    for command in (move, free):
        command.add_argument("adjudicator", metavar="ADJUDICATOR", help="its name: adj-0")
        command.set_defaults(run=leaders.run_order)
    move.add_argument("where", metavar="WHERE", help="a region or a zone")
    for command in (listing, move, free):
        command.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="that of the running server")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="the trace directory")
    add_outputs(parser)
    parser.set_defaults(run=check.run)


def _add_bench(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="bench_command", required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="create and fill pgbench's four tables, within the transaction limits")
    init.add_argument("--scale", type=positive, default=1, help="100,000 accounts each (default 1)")
    init.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="data directory of the running server")
    init.add_argument("--port", type=port, help="port of the server (default: the one that runs on --data)")
    init.set_defaults(run=bench.run_init)


def _add_chaos(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"commands:\n{textwrap.indent(USAGE, '  ')}\n\nNODE is a zone's process, or A, the region's."
    chaos.add_options(parser)
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND", help="see below")
    parser.set_defaults(run=chaos.run)


def run(argv: list[str]) -> int:
    """Parse and run; returns the exit code."""
    if argv[:1] == ["modelcheck"]:
        from daybreak.modelcheck.command import main as modelcheck

        return modelcheck(argv[1:])
    arguments = build().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except DaybreakError as error:
        hint = f" ({error.hint})" if error.hint else ""
        print(f"daybreak: {error.message}{hint}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains once more at its end
        return 1
    except KeyboardInterrupt:
        return 130
    return code
