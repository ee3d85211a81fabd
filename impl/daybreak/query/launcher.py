"""Run one PostgreSQL program as a user it accepts, tied to the life of the process that started it.

Executed as a script in a process of its own, because PostgreSQL refuses to run as root, and becoming another user
between fork and exec is unsafe in a process that has threads:

    python -I -S launcher.py PARENT-PID MODE PROGRAM ARGUMENT...

MODE: ``direct``, as we are; ``namespace``, as an ordinary user of a new user namespace whose files are ours;
``user:NAME``, as that user. The program gets SIGQUIT (for `postgres`: end at once) when the parent's thread ends.
Exits with 125 and one line on stderr when the mode is not possible here. Imports nothing of Daybreak: it must start
fast.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys
from typing import NoReturn

NOT_POSSIBLE = 125

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
INNER_ID = 1000
"""Any id but 0: what the programs take themselves for."""


class _ImpossibleError(Exception):
    pass


def _call(name: str, *arguments: int) -> None:
    """Call a function of the C library that answers 0 when it worked."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        raise _ImpossibleError(f"{name}: {os.strerror(ctypes.get_errno())}")


def _enter_namespace() -> None:
    """Become user `INNER_ID` of a new namespace; outside of it, files and signals stay those of the caller."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{INNER_ID} {user} 1"),
        ("gid_map", f"{INNER_ID} {group} 1"),
    ):
        try:
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        except OSError as error:
            raise _ImpossibleError(f"/proc/self/{name}: {error.strerror}") from error


def _become(name: str) -> None:
    """Become user `name` for good."""
    try:
        entry = pwd.getpwnam(name)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    except (KeyError, OSError) as error:
        raise _ImpossibleError(f"cannot become user {name}: {error}") from error


def main(arguments: list[str]) -> NoReturn:
    """Enter the mode and become the program."""
    parent, mode, program = int(arguments[0]), arguments[1], arguments[2]
    try:
        if mode == "namespace":
            _enter_namespace()
        elif mode.startswith("user:"):
            _become(mode.removeprefix("user:"))
        # After the change of user, which would clear it.
        _call("prctl", PR_SET_PDEATHSIG, signal.SIGQUIT)
        if os.getppid() != parent:
            raise _ImpossibleError("the process that asked for this has ended")
        os.execv(program, arguments[2:])
    except _ImpossibleError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{program}: {error.strerror}"
    print(reason, file=sys.stderr)
    sys.exit(NOT_POSSIBLE)


if __name__ == "__main__":
    main(sys.argv[1:])
