"""Whether all is well again once nothing goes wrong any more."""

from __future__ import annotations

from daybreak.base.keys import make_key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access, Write
from daybreak.cluster import Layout
from daybreak.errors import DiskFullError, RetryError, UnavailableError, UnknownOutcomeError
from daybreak.journal.replica import Journal
from daybreak.query.gateway import Gateway
from daybreak.runtime.sim.world import World
from daybreak.simulation.workload import SessionLostError
from daybreak.storage.replica import Replica

PROOFS = 576
"""Key space of what clients write in the end, to show that they can."""


async def prove(store: Gateway, client: int) -> bool:
    """Whether a client can commit now."""
    try:
        transaction = store.begin()
        key = make_key(PROOFS, client.to_bytes(4, "big"))
        transaction.write([Write(key, Access.WRITE, str(transaction.txn).encode())], rows=1)
        await transaction.commit()
    except (DiskFullError, RetryError, UnavailableError, UnknownOutcomeError):
        store.give_up()
        return False
    except SessionLostError:
        return False
    return True


def missing(world: World, layout: Layout, upto: Timestamp) -> str | None:
    """Who does not have everything up to a time, or None if all have."""
    for node in layout.storages:
        role = world.role(node)
        if not isinstance(role, Replica) or role.watermark < upto:
            return f"{node} is not complete"
    for replicas in layout.replicas.values():
        journals = [role for node in replicas if isinstance(role := world.role(node), Journal)]
        known = max((journal.durable for journal in journals), default=0)
        for node in replicas:
            role = world.role(node)
            if not isinstance(role, Journal) or not role.serving or not role.whole or role.synced < known:
                return f"{node} is not whole"
    return None
