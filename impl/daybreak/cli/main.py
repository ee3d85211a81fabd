"""The command `daybreak`.

Exit codes: 0 done (or conforms), 1 failed (or violates), 2 bad usage (or inconclusive).
"""

from __future__ import annotations

import sys

MINIMUM = (3, 11)


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; errors are one line on standard error."""
    if sys.version_info[:2] < MINIMUM:
        found = ".".join(map(str, sys.version_info[:2]))
        print(f"daybreak: needs Python {MINIMUM[0]}.{MINIMUM[1]} or newer, this is {found}", file=sys.stderr)
        return 2
    arguments = sys.argv[1:] if argv is None else argv
    # An older Python could not even read these modules.
    if arguments[:1] == ["node"]:
        from daybreak.cli.node import main as node  # without all that the other subcommands need

        return node(arguments[1:])
    from daybreak.cli.parser import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
