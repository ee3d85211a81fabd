"""The shape of a mapping file: what the reader accepts, and what the published JSON Schema says.

Nothing that is not here is accepted. Texts that are expressions or types are looked into by the reader.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

Path = Annotated[str, Meta(min_length=1, description='A path into a line of the log, such as "msg.from".')]
Text = Annotated[str, Meta(min_length=1, description="An expression over an event.")]
Reason = Annotated[str, Meta(min_length=1, pattern=r"\S", description="Why, for a human reader.")]
Application = Annotated[str, Meta(min_length=1, description='An action with arguments: "Send(node, msg.to)".')]
Literals: TypeAlias = Text | int | bool


class Table(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True, omit_defaults=True):
    """A table of the mapping."""


class LogTable(Table, frozen=True):
    """Where in a line of the log its parts stand; without this table the log has Daybreak's format."""

    event: Path
    node: Path | None = None
    sequence: Path | None = None
    time: Annotated[Path, Meta(description="A number, or a pair: the earliest and the latest time.")] | None = None
    unit: Literal["s", "ms", "us", "ns"] = "us"
    error: Annotated[float, Meta(ge=0, description="How far a clock may be off, in `unit`.")] = 0
    clock: Annotated[Path, Meta(description="A vector clock: an object from node to count.")] | None = None
    causes: Annotated[Path, Meta(description="A list of [node, sequence number].")] | None = None
    arguments: Annotated[str, Meta(description='A path to an object; "." is the whole line.')] = "."
    slice: Path | None = None
    epoch: Path | None = None
    only: Annotated[str, Meta(description="An expression over the line: where it is false, it is no event.")] | None = (
        None
    )


class SliceTable(Table, frozen=True):
    """Independent behaviours of the spec, told apart by a value."""

    by: Annotated[str, Meta(description='"slice", "node", "epoch", or an expression such as "args.txn".')]
    retire: Annotated[list[str], Meta(description="Events after which a behaviour is over.")] = []


class SymmetryTable(Table, frozen=True):
    """What the spec does not tell apart."""

    constants: Annotated[list[str], Meta(description="Constants whose elements are interchangeable.")]


class HiddenTable(Table, frozen=True):
    """Steps that are not logged."""

    most: Annotated[int, Meta(ge=0, le=64, description="How many such steps there may be before one event.")]
    actions: Annotated[list[Application], Meta(description="A name alone leaves every argument open.")] = []


class PairTable(Table, frozen=True):
    """What begins and what ends the values of a field."""

    begin: list[str]
    end: list[str]


Targets = Annotated[
    dict[str, Literals], Meta(description='From a part of a variable, such as "role[node]", to its value.')
]


class RuleTable(Table, frozen=True):
    """What an event is, when a line is not enough."""

    when: Annotated[str, Meta(min_length=1, description="The rule is for events for which this is true.")] | None = None
    step: Application | list[Application] | None = None
    stutter: Reason | None = None
    ignore: Reason | None = None
    after: Targets = {}
    update: Targets = {}
    add: Targets = {}
    remove: Targets = {}
    append: Targets = {}
    changes: Annotated[str, Meta(description="An expression: an object from variable to a list of changes.")] | None = (
        None
    )
    hidden: HiddenTable | None = None


EventValue: TypeAlias = Application | RuleTable | list[Application | RuleTable]
TypeText = Annotated[str, Meta(min_length=1, description='Such as "map(string, set(int))".')]


class Document(Table, frozen=True):
    """A mapping: which event of a log is which action of a TLA+ spec, and what its fields mean."""

    events: dict[str, EventValue]
    log: LogTable | None = None
    slice: SliceTable | None = None
    symmetry: SymmetryTable | None = None
    hidden: HiddenTable | None = None
    complete: dict[str, PairTable] = {}
    types: dict[str, TypeText | dict[str, TypeText]] = {}
    unused: dict[str, Reason | dict[str, Reason]] = {}
    ignored: dict[str, Reason] = {}


def fields_of(table: type[Table]) -> tuple[str, ...]:
    """The names that a table may have."""
    return tuple(field.name for field in msgspec.structs.fields(table))
