"""What the committed transactions of a history saw of others, each read beside those that it may come from.

Without times nobody can tell who wrote last, so a read of a value that several wrote, such as the absence of a key that
several deleted, has several sources.
"""

from __future__ import annotations

from dataclasses import dataclass

from historycheck.fold import Seen, absent
from historycheck.index import Index
from historycheck.model import Anomaly, Key


@dataclass(frozen=True, slots=True)
class View:
    """What one transaction saw of one key.

    Of a register: `sources` may each have written it, and `initial` says whether nobody need have. Of a list: `sources`
    appended what was seen, in the order of it.
    """

    reader: int
    seen: Seen
    sources: tuple[int, ...]
    initial: bool = False


class Observed:
    """A history, seen from its committed transactions, which are known by their numbers in it.

    `members` are those that an order has to have: all that committed, and of those of which nobody knows the ones that
    may have left what was seen. Such a one need not have been seen: if it did not commit, it is as one that commits
    after all others. `wrong` is what no order makes right, `undecided` why nothing can be said.

    With `timed`, the database's times count where they are known: `starts` and `commits`, by transaction.
    """

    def __init__(self, index: Index, *, timed: bool = False) -> None:
        self.index = index
        self.starts: dict[int, int] = {}
        self.commits: dict[int, int] = {}
        self.views: list[View] = []
        self.wrong: list[Anomaly] = list(index.internal)
        self.undecided = ""
        for reader, ok in enumerate(index.ok):
            if ok:
                for seen in index.reads(reader):
                    self._look(reader, seen)
        sources = {source for view in self.views for source in view.sources}
        self.members = [number for number, ok in enumerate(index.ok) if ok or number in sources]
        for number in self.members if timed else ():
            one = index.transactions[number]
            if one.start is not None:
                self.starts[number] = one.start
            if one.commit is not None and index.writes(number):
                self.commits[number] = one.commit
        self.writers: dict[Key, list[int]] = {}
        for number in self.members:
            for key in index.writes(number):
                self.writers.setdefault(key, []).append(number)

    def _look(self, reader: int, seen: Seen) -> None:
        """Takes down a read, or what is wrong with it."""
        if wrong := self.index.wrong_value(reader, seen):
            self.wrong.append(wrong)
        elif isinstance(seen.value, tuple):
            self._look_at_list(reader, seen, seen.value)
        else:
            written = self.index.writers.get((seen.key, seen.value), ())
            sources = [writer for writer, final in written if final and writer != reader and self._alive(writer)]
            self.views.append(View(reader, seen, tuple(sources), absent(seen.value)))

    def _look_at_list(self, reader: int, seen: Seen, elements: tuple[int | str, ...]) -> None:
        runs: list[int] = []
        for element in elements:
            alive = [writer for writer, _ in self.index.writers[seen.key, element] if self._alive(writer)]
            if len(alive) > 1:
                names = " and ".join(map(self.index.name, alive))
                self.undecided = f"{names} appended {element!r} to {seen.key!r}: nobody can tell whose was seen"
                return
            if runs[-1:] != alive:
                runs += alive
        self.views.append(View(reader, seen, tuple(runs)))

    def _alive(self, writer: int) -> bool:
        return self.index.transactions[writer].status != "fail"
