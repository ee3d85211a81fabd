"""Having a running server do something, for the commands that do."""

from __future__ import annotations

import argparse

from daybreak.control.api import Status, order
from daybreak.control.datadir import running_server
from daybreak.errors import OperatorError


def said(arguments: argparse.Namespace, what: Status) -> Status:
    """What the server on `arguments.data` answers to an order; OperatorError if it does not carry it out."""
    answer = order(running_server(arguments.data).control, what)
    if "error" in answer:
        hint = answer.get("hint")
        raise OperatorError(str(answer["error"]), hint=str(hint) if hint else None)
    return answer
