"""What this package raises."""

from __future__ import annotations


class HistoryError(Exception):
    """A file holds no history, or a history cannot be one. One line: where, what, and what to do."""
