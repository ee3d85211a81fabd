"""Key ranges that are split, merged and moved, and leaders that hand over, at random, while a bank is at work."""

from __future__ import annotations

from daybreak import cluster
from daybreak.adjudicator.messages import MergeRanges, MoveLead, MoveRange, Request, SplitRange
from daybreak.base.keys import space_bounds
from daybreak.base.placed import pivot
from daybreak.base.topology import home_of
from daybreak.control.balancer import Balancer
from daybreak.runtime.protocols import Send
from daybreak.runtime.sim.strikes import Strike
from daybreak.runtime.sim.world import World
from daybreak.simulation.bank import ACCOUNTS, RECEIPTS, account_key


class Reshaping:
    """Asks owners, as far as the map knows them, for one change after another."""

    def __init__(self, world: World, layout: cluster.Layout, accounts: int) -> None:
        self._world = world
        self._layout = layout
        self._cuts = [pivot(account_key(number)) for number in range(accounts)]
        self._cuts += [bytes(bound) for space in (*ACCOUNTS, *RECEIPTS) for bound in space_bounds(space)]
        self._requests = 0
        self.going = True
        """Whether anything is to be asked for any more."""

    def begin(self, moves_every_us: int, handovers_every_us: int) -> None:
        """From here on ask for changes of ranges, and of leaders, after such times in the mean; 0: never."""
        self._world.strikes.now_and_then("reshape", moves_every_us, self._ask)
        self._world.strikes.now_and_then("handover", handovers_every_us, self._hand_over)

    def _ask(self, strike: Strike) -> None:
        balancer = self._world.role(self._layout.balancers[0])
        if not self.going or not isinstance(balancer, Balancer):
            return
        self._requests += 1
        known = strike.random.choice(self._layout.map.listed())
        chance, number = strike.random.random(), self._requests
        if chance < 0.6:
            to = strike.choose(self._layout.journals)
            owner = known.owner
            message: Request = MoveRange(number, known.low, to)
        elif chance < 0.85:
            at = strike.random.choice(self._cuts)
            owner, message = self._layout.map.find(at).owner, SplitRange(number, at)
        else:
            owner, message = known.owner, MergeRanges(number, known.low)
        self._world.perform(self._layout.balancers[0], [Send(balancer.leaders[owner], message)])
        strike.hit(f"journal {owner}", str(message))

    def _hand_over(self, strike: Strike) -> None:
        balancer = self._world.role(self._layout.balancers[0])
        if not self.going or not isinstance(balancer, Balancer):
            return
        self._requests += 1
        journal = strike.choose(self._layout.journals)
        to = strike.choose(self._layout.candidates[journal])
        order = MoveLead(self._requests, to, strike.random.choice((None, home_of(to), "")))
        self._world.perform(self._layout.balancers[0], [Send(balancer.leaders[journal], order)])
        strike.hit(f"journal {journal}", f"to {to}")
