"""How one process learns how another is: a question and an answer through the network of roles, within bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from daybreak.base.ids import NodeId
from daybreak.control.messages import StatusTold, StatusWanted
from daybreak.runtime.local.network import LocalNetwork
from daybreak.runtime.protocols import Message

Status = dict[str, object]


def control_node(process: str) -> NodeId:
    """The address at which a process answers."""
    return NodeId(f"{process}/control-0")


def answer_with(network: LocalNetwork, process: str, status: Callable[[], Status]) -> None:
    """Answer every question about this process with what `status` returns."""
    node = control_node(process)

    def answer(message: Message) -> None:
        if isinstance(message, StatusWanted):
            network.post(message.asker, StatusTold(message.request, process, msgspec.json.encode(status())), node)

    network.listen(node, answer)


class Questions:
    """Asks other processes, as the node `node` of this one."""

    def __init__(self, network: LocalNetwork, node: NodeId) -> None:
        self._network = network
        self._node = node
        self._requests = 0
        self._open: dict[tuple[int, str], asyncio.Future[Status]] = {}
        network.listen(node, self._hear)

    def _hear(self, message: Message) -> None:
        if isinstance(message, StatusTold):
            future = self._open.get((message.request, message.process))
            if future is not None and not future.done():
                future.set_result(msgspec.json.decode(message.status, type=Status))

    async def ask(self, processes: tuple[str, ...], seconds: float) -> Mapping[str, Status]:
        """What those of `processes` say that answer within `seconds`."""
        self._requests += 1
        loop = asyncio.get_running_loop()
        asked = {process: loop.create_future() for process in processes}
        self._open |= {(self._requests, process): future for process, future in asked.items()}
        request = self._requests
        try:
            for process in processes:
                self._network.post(control_node(process), StatusWanted(request, self._node), self._node)
            if asked:
                await asyncio.wait(asked.values(), timeout=seconds)
            return {process: future.result() for process, future in asked.items() if future.done()}
        finally:
            for process in processes:
                del self._open[request, process]
