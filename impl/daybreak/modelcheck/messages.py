"""What TLC says, as values.

With its option `-tool` TLC wraps each message in a pair of lines that carry the message's number. Only these numbers
decide what a message means; from the text inside only names, figures and states are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

INITIALLY_VIOLATED = (2107, 2108)
LATER_VIOLATED = (2110, 2112)
TEMPORAL_VIOLATED = 2116
STATE = 2217
STUTTERING = 2218
BACK_TO_STATE = 2122
ACTION_COVERAGE = 2772

_START = re.compile(r"@!@!@STARTMSG (\d+):(\d+) @!@!@")
_END = re.compile(r"@!@!@ENDMSG \d+ @!@!@")
_VIOLATED = re.compile(r"(?:Invariant|[Pp]roperty) (.+?) is (?:violated|false)")
_STEP = re.compile(r"(\d+): <(Initial predicate|\w+)")
_VARIABLE = re.compile(r"^(?:/\\ )?(\w+) = ", re.MULTILINE)
_COVERED = re.compile(r"<(\w+) .*>: (\d+):(\d+)")


class Message(msgspec.Struct, frozen=True):
    """One message: its number, its class ("0" tells, "1" and "2" are errors, "3" warns, "4" is a state), its text."""

    code: int
    severity: str
    text: str


class Step(msgspec.Struct, frozen=True):
    """A state of a counterexample and the action that led to it. `values` maps variables to TLA+ text.

    So does `arguments` with the action's parameters, as far as `retrace` could tell them.
    """

    number: int
    action: str
    values: dict[str, str]
    arguments: dict[str, str] = {}


class Transcript(msgspec.Struct, frozen=True):
    """All that TLC said: its messages, and the text between them, which is what the parser says."""

    messages: tuple[Message, ...]
    between: str


def read(output: str) -> Transcript:
    """Takes TLC's output apart. A message that quotes another one ends where the quoted one begins."""
    messages: list[Message] = []
    between: list[str] = []
    inside: list[str] | None = None
    head: tuple[int, str] = (0, "")
    for line in output.splitlines():
        start = _START.search(line)
        if (start or _END.match(line)) and inside is not None:
            messages.append(Message(head[0], head[1], "\n".join(inside).strip()))
            inside = None
        if start:
            head, inside = (int(start[1]), start[2]), []
        elif not _END.match(line):
            (between if inside is None else inside).append(line)
    return Transcript(tuple(messages), "\n".join(between))


def violated(transcript: Transcript) -> str | None:
    """What TLC calls the invariant or action property that was violated, or None.

    A part of a property goes by its own name, or by its place if it has none.
    """
    for message in transcript.messages:
        if message.code in INITIALLY_VIOLATED + LATER_VIOLATED:
            found = _VIOLATED.search(message.text)
            return found[1] if found else message.text
    return None


def steps(transcript: Transcript) -> Iterator[Step]:
    """The counterexample, state by state; a cycle ends with a step that tells where it goes on."""
    number = 0
    for message in transcript.messages:
        if message.code in INITIALLY_VIOLATED and _VARIABLE.search(message.text):
            number += 1
            yield Step(number, "Initial predicate", _values(message.text))
        elif message.code == STATE:
            head = _STEP.match(message.text)
            number += 1
            yield Step(number, head[2] if head else "?", _values(message.text))
        elif message.code in (STUTTERING, BACK_TO_STATE):
            action = "stutters for ever" if message.code == STUTTERING else "goes back"
            yield Step(number + 1, f"{action}: {message.text.splitlines()[0]}", {})


def length(counterexample: Iterable[Step]) -> int:
    """How many states it has; the step that tells where a cycle goes on is none."""
    return sum(1 for step in counterexample if step.values)


def _values(text: str) -> dict[str, str]:
    pieces = _VARIABLE.split(text)[1:]
    return {name: " ".join(value.split()) for name, value in zip(pieces[::2], pieces[1::2], strict=True)}


def coverage(transcript: Transcript) -> dict[str, int]:
    """How often each action was taken, if TLC was asked to count."""
    taken: dict[str, int] = {}
    for message in transcript.messages:
        found = _COVERED.match(message.text) if message.code == ACTION_COVERAGE else None
        if found:
            taken[found[1]] = taken.get(found[1], 0) + int(found[3])
    return taken
