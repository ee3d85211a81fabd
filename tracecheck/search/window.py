"""The events of a slice that are not settled yet, with a witness: one way through them that the spec allows.

`roots` are all states in which the spec may be before the window; what came before is settled. The witness is a path
from one of them, a state per event. It is followed depth first, in the order in which the events came; what else the
spec allows stays an iterator that is not asked. Only when the witness cannot take an event are the alternatives tried:
other states, and other orders where the order is not certain. States from which nothing was found are not tried again.

An event that no order lets in waits: one that is still to come, and may have come before it, may let it in. When there
is none, it is refused. When all that is still to come is certainly later, the window is settled: the states after it,
over all orders, become the roots.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from tracecheck.engine import State
from tracecheck.orbits import Classes
from tracecheck.precedence import Placed, last_cut, predecessors, prefix
from tracecheck.search.complete import complete
from tracecheck.search.limits import BudgetError, Limits
from tracecheck.search.steps import Item, Stepper

_LAZY, _LAZY_STEPS, _LAZY_FACTOR = 16, 4, 8
_EAGER, _EAGER_STEPS, _EAGER_FACTOR = 1, 64, 2
"""A window with alternatives is settled at this length if that takes no more than so many steps an event; if it takes
more, again when it is so many times as long. Eager where states are folded: there they stay few only if they are known
all, since only then it shows which identities have become interchangeable again."""
_MANY = 3
"""From so many states on it is worth looking whether more identities have become interchangeable."""
_CUT_EVERY = 32
_SETTLED_REMEMBERED = 16

IsPast = Callable[[Placed], bool]
"""Whether all that is still to come is certainly later."""


@dataclass(slots=True)
class _Frame:
    """A state on the witness, after the events of `mask`. `moves` are the ways on that were not tried yet, None when
    nobody has looked."""

    mask: int
    state: State
    moves: Iterator[tuple[int, State]] | None = None


@dataclass(frozen=True)
class Refusal:
    """`item` is the first event that no behaviour allows; `state` is one in which the spec may be before it."""

    item: Item
    state: State


class Window:
    """The search of one slice. Invariant: the witness takes the first `covered` events of `items`."""

    def __init__(self, stepper: Stepper, limits: Limits) -> None:
        self.stepper = stepper
        self.limits = limits
        self.roots: list[State] = []
        self.items: list[Item] = []
        self.covered = 0
        self.forgone: str | None = None
        """Why not all alternatives were followed, if so: nothing can be refused any more."""
        self.classes: Classes | None = None
        self._frames: list[_Frame] = []
        self._seen: dict[int, set[Hashable]] = {}
        self._classes: dict[int, Classes | None] = {}
        self._next_root = 1
        self._single = True
        self._open = False
        self._stale = False
        self._concurrent = False
        self._latest = -1
        folded = stepper.symmetry is not None
        self._first_try = _EAGER if folded else _LAZY
        self._worth = _EAGER_STEPS if folded else _LAZY_STEPS
        self._patience = _EAGER_FACTOR if folded else _LAZY_FACTOR
        self._tried_at = self._first_try
        self._many = _MANY
        self.settled: list[Placed] = []
        self._settled_latest = -1

    def start(self) -> None:
        """Begins at the initial states. Raises EvaluationError."""
        symmetry = self.stepper.symmetry
        classes = symmetry.all if symmetry is not None else None
        self.begin(self.stepper.initial(), classes)

    def begin(self, roots: list[State], classes: Classes | None, settled: Sequence[Placed] = ()) -> None:
        """Begins anew: the spec is in one of `roots`, or of their orbits under the permutations of `classes`. The last
        events before are `settled`."""
        self.items, self.covered = [], 0
        self.settled = list(settled)
        self._settled_latest = max((placed.latest for placed in settled), default=-1)
        self._latest, self._concurrent = -1, False
        self._set_roots(roots, classes)
        self._frames = [_Frame(0, roots[0])] if roots else []

    def _set_roots(self, roots: list[State], classes: Classes | None) -> None:
        symmetry = self.stepper.symmetry
        if symmetry is not None and classes is not None and len(roots) > self._many:
            roots, classes = symmetry.coarser(self.stepper.engine, roots, classes)
            self._many = max(_MANY, 2 * len(roots))
        self.roots, self.classes = roots, classes
        self._seen, self._classes, self._next_root = {}, {}, 1
        self._stale, self._tried_at = False, self._first_try
        self._single = len(roots) == 1 and (
            symmetry is None or classes is None or symmetry.is_fixed(self.stepper.engine, roots[0], classes)
        )
        if self._single:
            self.classes = None
        self._open = not self._single

    # -- in ------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether an event waits for another to let it in."""
        return self.covered < len(self.items)

    @property
    def state(self) -> State:
        """A state in which the spec may be after the events that the witness takes."""
        return self._frames[-1].state

    def last_step(self) -> tuple[State, Item, State] | None:
        """The last step of the witness, if it is that of the last event."""
        if len(self._frames) < 2 or self.waiting:
            return None
        before, after = self._frames[-2], self._frames[-1]
        item = self.items[-1]
        return (before.state, item, after.state) if before.mask | 1 << len(self.items) - 1 == after.mask else None

    def witness(self) -> Iterator[tuple[State, Item, State]]:
        """The steps of the witness: each event in its order, with the state before and the state after it."""
        for before, after in pairwise(self._frames):
            yield before.state, self.items[(before.mask ^ after.mask).bit_length() - 1], after.state

    def take(self, item: Item) -> list[Item]:
        """Takes the next event; returns those that the witness takes now and did not before, in order.

        Raises BudgetError.
        """
        items = self.items
        if len(items) > 2 * self.limits.window:
            text = f"{len(items)} events may all have come before one that is not allowed yet"
            raise BudgetError(f"{text}; log causes, or closer times")
        before = self._before(item)
        item.before = before
        bit = 1 << len(items)
        waited = self.waiting
        items.append(item)
        if item.placed.latest > self._latest:
            self._latest = item.placed.latest
        if before != bit - 1:
            self._stale = self._concurrent = True
        if waited and not ~before & ((2 << self.covered) - 1):
            return []  # It comes after all that has to be covered first.
        known = self.covered
        if waited or not self._extend(item, bit):
            self._retry()
        else:
            self.covered += 1
        return items[known : self.covered]

    def _before(self, item: Item) -> int:
        items = self.items
        everything = (1 << len(items)) - 1
        if not self.limits.reorder or not items:
            return everything
        last = items[-1]
        if last.before == everything >> 1 and last.placed.before(item.placed):
            return everything
        return predecessors([i.placed for i in items], [i.before for i in items], item.placed)

    def _extend(self, item: Item, bit: int) -> bool:
        """Goes on with the witness. As long as there was one way only, sees whether it is still the only one."""
        top = self._frames[-1]
        after = top.mask | bit
        found = self.stepper.after(item, top.state, self._classes_of(top.mask) if self._open else None)
        first = next(found, None)
        if first is None:
            top.moves = iter(())
            return False
        if not self._open:
            second = self._other(found, first)
            if second is None:
                found = iter(())
            else:
                self._open = True
                found = chain((second,), found)
        top.moves = ((after, state) for state in found)
        self._frames.append(_Frame(after, first))
        return True

    def _other(self, found: Iterator[State], first: State) -> State | None:
        """The next state that is not `first`."""
        second = next(found, None)
        if second is None:
            return None
        key = self.stepper.engine.key
        known = key(first)
        while second is not None and key(second) == known:
            second = next(found, None)
        return second

    # -- when the witness fails ----------------------------------------------------------------------------

    def _retry(self) -> None:
        """Tries every alternative until all events are covered; keeps the path that covers most. Raises BudgetError."""
        best, path = self.covered, [(frame.mask, frame.state) for frame in self._frames]
        if self._stale:
            self._restart()
        else:
            for frame in self._frames:
                self._seen.setdefault(frame.mask, set()).add(self._key(frame.mask, frame.state))
        end = self.stepper.taken + self.limits.steps
        while self._frames:
            top = self._frames[-1]
            covered = prefix(top.mask)
            if covered > best:
                best, path = covered, [(frame.mask, frame.state) for frame in self._frames]
            if covered == len(self.items):
                self.covered, self._open = covered, True
                return
            self._go_on(top)
            if self.stepper.taken > end:
                raise BudgetError(f"no way was found in {self.limits.steps} steps of the spec; log more")
        self.covered = best
        self._frames = [_Frame(mask, state) for mask, state in path]
        self._open = self._stale = True

    def _restart(self) -> None:
        self._seen, self._next_root, self._stale = {}, 1, False
        self._frames = [_Frame(0, self.roots[0])]

    def _go_on(self, top: _Frame) -> None:
        """One move further from `top`, or back from it when it has no more."""
        if top.moves is None:
            top.moves = self._moves(top.mask, top.state)
        move = next(top.moves, None)
        if move is None:
            self._frames.pop()
            if not self._frames and self._next_root < len(self.roots):
                self._frames.append(_Frame(0, self.roots[self._next_root]))
                self._next_root += 1
        elif self._is_new(*move):
            self._frames.append(_Frame(*move))

    def _moves(self, mask: int, state: State) -> Iterator[tuple[int, State]]:
        """Every event that may come next, in the order in which they came, and every state that it may lead to."""
        classes = self._classes_of(mask)
        for i, item in enumerate(self.items):
            if not mask >> i & 1 and not item.before & ~mask:
                for successor in self.stepper.after(item, state, classes):
                    yield mask | 1 << i, successor

    def _is_new(self, mask: int, state: State) -> bool:
        seen = self._seen.setdefault(mask, set())
        key = self._key(mask, state)
        if key in seen:
            return False
        seen.add(key)
        if len(seen) > self.limits.candidates:
            text = f"{len(seen)} candidate states, more than the budget of {self.limits.candidates}"
            raise BudgetError(f"{text}; log more arguments")
        return True

    def _key(self, mask: int, state: State) -> Hashable:
        return self.stepper.key(state, self._classes_of(mask))

    def _classes_of(self, mask: int) -> Classes | None:
        """The identities that are interchangeable after the events of `mask`."""
        symmetry = self.stepper.symmetry
        if symmetry is None:
            return None
        if mask not in self._classes:
            if self.classes is None:
                self.classes = symmetry.classes(self.stepper.engine, self.roots[0])
            named = frozenset[Hashable]().union(*(x.names for i, x in enumerate(self.items) if mask >> i & 1))
            self._classes[mask] = symmetry.without(self.classes, named)
        return self._classes[mask]

    # -- out -----------------------------------------------------------------------------------------------

    def refused(self, is_past: IsPast) -> Refusal | None:
        """The first event that waits in vain: all that might come before it, or before those before it, has come."""
        wanted = self.covered
        if not self.waiting or not all(is_past(item.placed) for item in self.items[: wanted + 1]):
            return None
        item = self.items[wanted]
        state = next(frame.state for frame in self._frames if prefix(frame.mask) >= wanted)
        return Refusal(item, state)

    def states_before(self, refusal: Refusal) -> list[State]:
        """The states in which the spec may be before the refused event, that of the refusal first; others only if it
        takes little to know them all."""
        if self.forgone is not None or self._concurrent:
            return [refusal.state]
        items, few = self.items[: self.covered], {"candidates": _CUT_EVERY, "steps": 4 * _CUT_EVERY}
        known = complete(self.stepper, self.roots, items, self._classes_of, refusal.state, **few)
        return known or [refusal.state]

    def settle(self, is_past: IsPast, horizon_us: int) -> None:
        """Settles what cannot change any more: all of the window, or as much of it as came before the rest."""
        count = len(self.items)
        if not count or self.waiting:
            return
        if self._latest < horizon_us:
            self._settle(count)
        elif count % _CUT_EVERY == 0 or count >= self.limits.window:
            upto = next((i for i, item in enumerate(self.items) if not is_past(item.placed)), count)
            cut = last_cut([item.before for item in self.items], upto)
            if cut:
                self._settle(cut)
        if len(self.items) >= self.limits.window:
            self._forgo(len(self.items))

    def is_late(self, placed: Placed) -> bool:
        """Whether an event may have come before one that is settled."""
        if placed.earliest > self._settled_latest or not self.limits.reorder:
            return False
        return not all(settled.before(placed) for settled in self.settled)

    def _settle(self, count: int) -> None:
        """Settles the first `count` events, if that is cheap or has to be."""
        if not self._open and not self._concurrent:
            self._drop(count, [self._frames[count].state], None)
            return
        full = len(self.items) >= self.limits.window
        if self._open and not full and len(self.items) < self._tried_at:
            return
        witness = self._frames[count].state
        found = None
        if self.forgone is None:
            steps = self.limits.steps if full or not self._open else self._worth * count
            most = {"candidates": self.limits.candidates, "steps": steps}
            found = complete(self.stepper, self.roots, self.items[:count], self._classes_of, witness, **most)
        if found is not None:
            self._drop(count, found, self._classes_of((1 << count) - 1) if self.stepper.symmetry else None)
        elif full or not self._open:
            self._forgo(count)
        else:
            self._tried_at = self._patience * len(self.items)

    def _forgo(self, count: int) -> None:
        """Keeps the witness alone: there is too much else to know all states after the first `count` events."""
        place = self.items[count - 1].observed.entry.place
        self.forgone = self.forgone or f"not every alternative of the events up to {place} could be followed"
        self._drop(count, [self._frames[count].state], None)

    def _drop(self, count: int, roots: list[State], classes: Classes | None) -> None:
        """`roots` are the states after the first `count` events; the first of them is the one on the witness."""
        frames, was_open, rest = self._frames[count:], self._open, self.items[count:]
        settled = [item.placed for item in self.items[:count]]
        self.settled = [*self.settled, *settled][-_SETTLED_REMEMBERED:]
        self._settled_latest = max(self._settled_latest, *(placed.latest for placed in settled))
        self._set_roots(roots, classes)
        self._frames = [_Frame(frame.mask >> count, frame.state) for frame in frames]
        for item in rest:
            item.before >>= count
        self.items = rest
        self.covered -= count
        self._latest = max((item.placed.latest for item in rest), default=-1)
        self._concurrent = any(item.before != (1 << i) - 1 for i, item in enumerate(rest))
        if rest:
            self._stale, self._open = True, self._open or was_open
