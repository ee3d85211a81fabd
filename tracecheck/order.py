"""Merges the streams of the nodes into one order.

An event comes after the event before it on its node, and after all its causes. Among the events that may come next,
the one with the smallest earliest time does (of equals, the one whose node's name sorts first).

A node's events may lie in several files, one after the other: a log that was rotated, or a new one after a restart.
Their numbers say which follows which, whatever the files are called.

What is missing is never guessed over. A gap, a duplicate, an unreadable line ends the order at the last point that
cannot depend on what is missing; so does a cause that never comes, and, in a log that is followed while it grows, an
event that arrives when later ones have been passed on.
"""

from __future__ import annotations

import heapq

from tracecheck.past import Past, SavedPast
from tracecheck.read import Entry, Finding
from tracecheck.stream import Node, Source, defect_of


class Merger:
    """Takes entries file by file (`push`) and gives them back in order (`pop`)."""

    def __init__(self) -> None:
        self.newest = 0
        self.waiting_entries = 0
        self.stopped: Finding | None = None
        self.starved: str | None = None
        """The file that the next event of the last popped entry's node should come from, if none of them waits."""
        self._sources: dict[str, Source] = {}
        self._nodes: dict[str, Node] = {}
        self._ready: list[tuple[int, str, Node]] = []
        self._blocked: dict[str, list[tuple[int, Node]]] = {}
        self._walls: list[Node] = []
        self._past = Past()

    # -- in ------------------------------------------------------------------------------------------------

    def open(self, file: str, continues: str | None = None) -> None:
        """Announces a log file; one that `continues` where a restored merger stopped in the log of that node."""
        source = self._sources[file] = Source(file)
        if continues is not None:
            source.node = node = self._node(continues)
            source.first = source.last = node.last_n
            node.current = source

    def waiting_of(self, file: str) -> int:
        """How many entries of `file` are waiting."""
        source = self._sources.get(file)
        if source is None:
            return 0
        own = len(source.node.pending) if source.node is not None and source.node.current is source else 0
        return own + len(source.parked)

    def is_hungry(self, file: str) -> bool:
        """Whether `file` is open and no entry of it is waiting: until it has one or ends, no order is certain."""
        source = self._sources.get(file)
        if source is None or not source.open or source.parked:
            return False
        node = source.node
        return node is None or (node.defect is None and not (node.current is source and node.pending))

    def close(self, file: str) -> None:
        """Says that nothing more will come of `file`."""
        source = self._sources[file]
        source.open = False
        if not source.parked:
            del self._sources[file]

    def push(self, file: str, item: Entry | Finding) -> None:
        """Takes the next entry of `file`, or what is wrong with its next line."""
        source = self._sources[file]
        node = source.node
        if node is None:
            # A file whose first line is no event may be anybody's: it is taken for a node that has none.
            node = source.node = self._node(item.event.node) if isinstance(item, Entry) else Node("")
        if node.defect is not None:
            return
        if isinstance(item, Finding):
            self._break(node, item)
        elif item.event.node != node.name:
            text = f"an event of {item.event.node} in the log of {node.name}"
            self._break(node, Finding("two-nodes", text, item.file, item.line))
        elif node.current is source:
            self._take(node, source, item)
            if node.parked:
                self._settle(node)
        else:
            self._park(node, source, item)

    def _node(self, name: str) -> Node:
        node = self._nodes.get(name)
        if node is None:
            node = self._nodes[name] = Node(name)
        return node

    def _take(self, node: Node, source: Source, entry: Entry) -> None:
        event = entry.event
        earliest, latest = event.at
        if event.n != node.last_n + 1 or latest < node.key or latest < self._past.highest:
            defect = defect_of(node, entry, self._past)
            if defect is not None:
                self._break(node, defect)
                return
        node.last_n = source.last = event.n
        node.last = entry
        node.key = earliest
        if earliest > self.newest:
            self.newest = earliest
        self.waiting_entries += 1
        node.pending.append(entry)
        if len(node.pending) == 1:
            self._arm(node)

    def _park(self, node: Node, source: Source, entry: Entry) -> None:
        source.parked.append(entry)
        if source not in node.parked:
            node.parked.append(source)
            self._settle(node)
        if node.parked and node not in self._walls:
            self._walls.append(node)

    def _settle(self, node: Node) -> None:
        """Goes on with the file that has the next event of `node`, if there is one."""
        while node.defect is None:
            source = next((s for s in node.parked if s.parked[0].event.n <= node.last_n + 1), None)
            if source is None:
                break
            node.parked.remove(source)
            if source.parked[0].event.n <= node.last_n:
                defect = defect_of(node, source.parked[0], self._past, moved=True)
                assert defect is not None, "a number that was there already"
                self._break(node, defect)
                break
            node.current = source
            source.first = source.parked[0].event.n
            while source.parked and node.defect is None:
                self._take(node, source, source.parked.popleft())
            if not source.open:
                self._sources.pop(source.file, None)
        if not node.parked and node.defect is None and node in self._walls:
            self._walls.remove(node)

    def _break(self, node: Node, defect: Finding) -> None:
        node.defect = defect
        if node not in self._walls:
            self._walls.append(node)

    # -- out -----------------------------------------------------------------------------------------------

    def pop(self, limit: int | None = None) -> Entry | None:
        """The next entry in order, or None when none may come next.

        With `limit` (microseconds) only entries no later than it: what is newer is held back, since another node's
        log may still bring something earlier. Without, no open file may be `hungry`. When a defect is reached,
        `stopped` says so, and nothing more comes.
        """
        ready = self._ready
        if self.stopped is not None or (self._walls and self._at_wall(limit)):
            return None
        if not ready or (limit is not None and ready[0][0] > limit):
            return None
        node = heapq.heappop(ready)[2]
        pending = node.pending
        entry = pending.popleft()
        self.waiting_entries -= 1
        self._past.add(entry.event)
        if node.name in self._blocked:
            self._unblock(node.name, entry.event.n)
        if pending:
            self._arm(node)
            self.starved = None
        else:
            self.starved = node.current.file if node.current is not None else None
        return entry

    def _at_wall(self, limit: int | None) -> bool:
        """Whether what comes next may depend on what is missing or wrong in a log."""
        first = self._ready[0][0] if self._ready else None
        wall = min(self._walls, key=lambda node: node.key)
        if (first is not None and wall.key >= first) or (limit is not None and wall.key > limit):
            return False
        if wall.defect is None and self._complete(wall):
            self._break(wall, self._gap(wall))
        self.stopped = wall.defect
        return True

    def _complete(self, node: Node) -> bool:
        """Whether no file can bring the event that `node` lacks, now or later."""
        return not any(source.open and source.node in (None, node) for source in self._sources.values())

    def _gap(self, node: Node) -> Finding:
        next_one = min((source.parked[0] for source in node.parked), key=lambda entry: entry.event.n)
        found = defect_of(node, next_one, self._past)
        assert found is not None, "it was parked because it is not the next"
        return found

    def _unblock(self, name: str, n: int) -> None:
        waiting = self._blocked.pop(name)
        rest = [one for one in waiting if one[0] > n]
        if rest:
            self._blocked[name] = rest
        for wanted, node in waiting:
            if wanted <= n:
                self._arm(node)

    def _arm(self, node: Node) -> None:
        """Puts the first entry of a node among the ready ones, or leaves it to wait for its first unmet cause."""
        event = node.pending[0].event
        if event.cause:
            unmet = self._past.unmet(event)
            if unmet is not None:
                self._blocked.setdefault(unmet[0], []).append((unmet[1], node))
                return
        heapq.heappush(self._ready, (event.at[0], node.name, node))

    def stuck(self) -> Finding | None:
        """What the earliest entry that cannot come next waits for, where that is in no log as far as it was read."""
        walls = [node for node in self._walls if node.defect is None]
        if walls:
            return self._gap(min(walls, key=lambda node: node.key))
        heads = [node.pending[0] for node in self._nodes.values() if node.pending]
        blocked = [entry for entry in heads if self._past.unmet(entry.event) is not None]
        for entry in sorted(blocked, key=lambda entry: (entry.event.at[0], entry.event.node)):
            found = self._missing(entry)
            if found is not None:
                return found
        return None

    def _missing(self, entry: Entry) -> Finding | None:
        seen: set[str] = set()
        while (cause := self._past.unmet(entry.event)) is not None:
            name, n = cause
            held = self._nodes.get(name)
            if held is None or not held.pending or n > held.last_n:
                text = f"its cause, event {n} of {name}, is in no log that was read"
                return Finding("missing-cause", text, entry.file, entry.line)
            if name in seen:
                text = f"its cause, event {n} of {name}, waits in turn for it: the causes form a circle"
                return Finding("circle", text, entry.file, entry.line)
            seen.add(name)
            entry = held.pending[0]
        return None

    # -- across restarts -----------------------------------------------------------------------------------

    def checked_of(self, node: str) -> int:
        """The number of the last event of `node` that was passed on."""
        return self._past.last_of(node)

    def is_over(self, file: str) -> bool:
        """Whether all of `file` was passed on and its node's events go on in another file."""
        source = self._sources.get(file)
        if source is None:
            return True
        node = source.node
        if node is None or node.current is source or source.parked:
            return False
        return source.last <= self._past.last_of(node.name)

    def unpassed(self, file: str) -> tuple[str | None, list[Entry], bool]:
        """The node of `file`, its entries that were not passed on, and whether the node's last passed one is in it."""
        source = self._sources.get(file)
        node = source.node if source is not None else None
        if source is None or node is None:
            return None, [], False
        passed = self._past.last_of(node.name)
        waiting = list(node.pending)[max(0, source.first - passed - 1) : max(0, source.last - passed)]
        return node.name, waiting + list(source.parked), source.first <= passed <= source.last

    def save(self) -> SavedPast:
        """What has been passed on: entries that wait are to be read again."""
        return self._past.save()

    def restore(self, saved: SavedPast) -> None:
        """Goes on where the merger stopped that was saved."""
        self._past.restore(saved)
        for name, n in self._past.nodes():
            node = self._node(name)
            node.last_n, node.key = n, self._past.key_of(name)
