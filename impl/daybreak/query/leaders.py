"""Who leads the journals, as far as a query processor knows."""

from __future__ import annotations

from collections.abc import Mapping

from daybreak.base.ids import JournalId, NodeId


class Leaders:
    """Believed until something else is heard; what is believed wrongly costs a message, or an attempt to commit."""

    def __init__(self, candidates: Mapping[JournalId, tuple[NodeId, ...]]) -> None:
        """In the beginning the first candidate of each journal is believed to lead it."""
        self._candidates = candidates
        self._nodes = {journal: nodes[0] for journal, nodes in candidates.items()}

    def of(self, journal: JournalId) -> NodeId:
        """Who is believed to lead a journal."""
        return self._nodes[journal]

    def candidates(self, journal: JournalId) -> tuple[NodeId, ...]:
        """Who may lead a journal."""
        return self._candidates[journal]

    def learn(self, journal: JournalId, node: NodeId) -> None:
        """`node` leads, or somebody says so."""
        self._nodes[journal] = node
