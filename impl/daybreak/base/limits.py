"""The limits that protect the commit pipeline (P22)."""

from __future__ import annotations

from daybreak.base.time import SECOND_US

MAX_ROWS = 3_000
"""Modified rows of one transaction; index entries do not count."""

MAX_BYTES = 10 * 1024 * 1024
"""Written bytes of one transaction, keys and index entries included; checked at COMMIT."""

MAX_AGE_US = 300 * SECOND_US
"""Microseconds from a transaction's start to its COMMIT."""

FORGET_AFTER_US = MAX_AGE_US + 20 * SECOND_US
"""Age in microseconds after which history and versions are dropped; above MAX_AGE_US by more than any clock's error."""
