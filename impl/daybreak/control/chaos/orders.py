"""Turns commands in words into what single processes are told: the same for those that run and for simulated ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from daybreak.base.topology import stands_for
from daybreak.control.chaos.words import CORRUPT, KEEPER, Command
from daybreak.runtime.chaos import Disturb, Keep, Order


class Orders(ABC):
    """Whoever can give orders to the processes of a cluster."""

    def __init__(self, processes: Sequence[str]) -> None:
        """`processes` are the names of all of them."""
        self.processes = tuple(processes)

    # --- what a process can be made to do -------------------------------------------------------------------------

    @abstractmethod
    def listens(self, process: str) -> bool:
        """Whether it runs, and takes orders."""

    @abstractmethod
    def tell(self, process: str, order: Order) -> None:
        """Have it carry out an order; OperatorError if it takes none, or refuses."""

    @abstractmethod
    def signal(self, process: str, verb: str) -> None:
        """Do to it what one of `words.SIGNALS` does; OperatorError if it takes no orders."""

    @abstractmethod
    def keeps_journals(self, process: str) -> bool:
        """Whether it is a zone, with files that can be spoilt."""

    @abstractmethod
    def spoil(self, process: str) -> str:
        """Turn a bit of an entry in its journals; where. OperatorError if there is none."""

    # --- commands -------------------------------------------------------------------------------------------------

    def carry_out(self, command: Command) -> str:
        """Do what a command says; what there is to say of it. OperatorError if its process takes no orders."""
        node, do = command
        if node is None:
            self._tell_all(do)
            return ""
        names = stands_for(node, self.processes)
        if isinstance(do, Disturb):
            self._disturb(names, do)
            return ""
        zones = tuple(filter(self.keeps_journals, names)) if do == CORRUPT else ()
        return "\n".join(filter(None, (self._do(name, do) for name in zones or names)))

    def _do(self, process: str, do: Order | str) -> str:
        """Do something to one process."""
        match do:
            case Keep():
                self.tell(KEEPER, Keep(process, do.up))
            case str() if do == CORRUPT:
                return self.spoil(process)
            case str():
                self.signal(process, do)
            case _:
                self.tell(process, do)
        return ""

    def _disturb(self, names: tuple[str, ...], order: Disturb) -> None:
        """Let something go wrong between some processes and others. It is enough to tell one of two, the other of which
        may be down; of a cut both are told, as it is to last when one of them is started again."""
        if order.peer is None and len(names) == 1:
            self.tell(names[0], order)
            return
        peers = [name for name in self.processes if name not in names]
        if order.peer is not None:
            peers = [*stands_for(order.peer, self.processes)]
        for name in names:
            for peer in peers:
                ends = [end for end in ((name, peer), (peer, name)) if self.listens(end[0])] or [(name, peer)]
                for teller, other in ends if order.fault == "cut" else ends[:1]:
                    self.tell(teller, Disturb(other, order.fault, order.amount))

    def _tell_all(self, order: Order | str) -> None:
        """Tell everybody who listens; somebody must."""
        assert not isinstance(order, str), "signals and damage are for one process"
        for name in list(filter(self.listens, self.processes)) or self.processes[:1]:
            self.tell(name, order)
