"""Figures: collected, printed as a table, written as JSON."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table


class Figure(msgspec.Struct, frozen=True):
    """One measured quantity; `value` is the median of `samples`, `ratio` is value / baseline."""

    name: str
    value: float
    unit: str
    baseline: float | None
    ratio: float | None
    samples: list[float]


def figure(name: str, unit: str, samples: Sequence[float], baseline: Sequence[float] = ()) -> Figure:
    """A figure of several samples, beside the samples of what it is compared with, taken in turn with them."""
    value = statistics.median(samples)
    base = statistics.median(baseline) if baseline else None
    ratio = round(value / base, 4) if base else None
    return Figure(name, round(value, 3), unit, round(base, 3) if base is not None else None, ratio, list(samples))


def publish(figures: Sequence[Figure], path: Path) -> None:
    """Print the figures and write them to `path`."""
    baseline = "baseline: stock PostgreSQL of the same wheel, TLC by itself, or what stands after the /"
    table = Table(title=f"medians; {baseline}; load average {os.getloadavg()[0]:.2f}")
    for column in ("what", "unit", "daybreak", "baseline", "ratio", "samples"):
        table.add_column(column, justify="left" if column in ("what", "unit") else "right")
    for item in figures:
        table.add_row(
            item.name,
            item.unit,
            f"{item.value:,.2f}",
            "" if item.baseline is None else f"{item.baseline:,.2f}",
            "" if item.ratio is None else f"{item.ratio:.3f}",
            str(len(item.samples)),
        )
    Console(width=120).print(table)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(list(figures))) + b"\n")
