"""Giving leases back before an orderly stop, so that whoever comes next need not wait for them to run out."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from functools import partial

from daybreak.adjudicator.messages import Release, Released
from daybreak.base.ids import NodeId
from daybreak.runtime.local.network import LocalNetwork
from daybreak.runtime.protocols import Message


async def give_back(network: LocalNetwork, process: str, candidates: Collection[NodeId], seconds: float) -> None:
    """Have `candidates` give back what leases they have; returns when all have answered, or after `seconds`.

    `process` is the name of this one.
    """
    left = set(candidates)
    done = asyncio.get_running_loop().create_future()

    def hear(candidate: NodeId, message: Message) -> None:
        if isinstance(message, Released):
            left.discard(candidate)
            if not left and not done.done():
                done.set_result(None)

    addresses = {NodeId(f"{process}/release-{number}"): node for number, node in enumerate(candidates)}
    for address, candidate in addresses.items():
        network.listen(address, partial(hear, candidate))
    for address, candidate in addresses.items():
        network.post(candidate, Release(), address)
    if left:
        await asyncio.wait((done, network.failure), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for address in addresses:
        network.unlisten(address)
