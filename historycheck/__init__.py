"""Whether a history that clients saw is strong snapshot isolation, and which named anomaly it has if not.

Knows nothing of Daybreak: it reads what the clients of any database wrote down.
"""

from historycheck.check import check
from historycheck.errors import HistoryError
from historycheck.files import read, write
from historycheck.model import Anomaly, Append, Edge, History, Read, Report, Scan, Transaction, Write

__all__ = [
    "Anomaly",
    "Append",
    "Edge",
    "History",
    "HistoryError",
    "Read",
    "Report",
    "Scan",
    "Transaction",
    "Write",
    "check",
    "read",
    "write",
]
