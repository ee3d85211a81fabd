"""A report as one HTML file: the verdict, what is wrong and why, and the events as a space-time diagram."""

from tracecheck.report.page.events import MOST_EVENTS, Events, collect
from tracecheck.report.page.page import page

__all__ = ["MOST_EVENTS", "Events", "collect", "page"]
