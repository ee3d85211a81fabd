"""Two regions and a witness on hosts of their own, which talk over TCP: links between them are lost, one by one or all.

In network namespaces where the machine allows it (`tests.support.hosts`), else as plain processes whose letters are
lost by order; with `DAYBREAK_HOSTS=processes` so anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support.hosted import Hosted, on_hosts
from tests.support.regions import persist

pytestmark = pytest.mark.timeout(240)
LINKS = (("A-B", "B1"), ("A-W", "W1"), ("B-W", "W1"))
"""Each link, and a zone at its far end."""
ROUNDS = 5
ADD = "UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v"
READ = "SELECT v FROM t WHERE id = 1"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    with on_hosts(tmp_path_factory.mktemp("hosts") / "data") as cluster:
        with cluster.at("A") as client:
            client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
            client.execute("INSERT INTO t VALUES (1, 0)")
        yield cluster
        assert cluster.stop() == 0


class Between:
    """The link between a region and a place."""

    def __init__(self, region: str, zone: str) -> None:
        """`zone` is one of that place."""
        self._region, self._zone = region, zone

    def gone_around(self, found: dict[str, Any]) -> bool:
        """Whether letters of the region's process go around it."""
        return bool(found["regions"][self._region]["zones"][self._zone]["connection"]["around"])

    def whole(self, found: dict[str, Any]) -> bool:
        """Whether they go straight again."""
        return not self.gone_around(found)


@pytest.mark.parametrize(("link", "far"), LINKS)
def test_a_link_is_cut_and_both_endpoints_go_on(cluster: Hosted, link: str, far: str) -> None:
    between = Between(link[0], far)
    with cluster.at("A") as a, cluster.at("B") as b:
        count = int(str(persist(a, READ)))
        cluster.order(f"cut {link}")
        cluster.until(f"around {link}", between.gone_around)
        for client, other in ((a, b), (b, a)) * ROUNDS:
            count += 1
            assert persist(client, ADD) == count
            assert other.execute(READ).fetchone() == (count,), f"{link} is cut"
        cluster.order("heal")
        cluster.until(f"heal {link}", between.whole)
        assert persist(a, ADD) == persist(b, READ) == count + 1


def test_a_region_is_cut_off_and_the_other_goes_on(cluster: Hosted) -> None:
    with cluster.at("A") as reading, cluster.at("B") as b:
        count = int(str(persist(b, READ)))
        cluster.order("cut A")
        assert [persist(b, ADD) for _ in range(ROUNDS)] == list(range(count + 1, count + 1 + ROUNDS))
        with pytest.raises(psycopg.OperationalError) as waiting:
            reading.execute(READ)
        assert waiting.value.sqlstate == "08006"
        with pytest.raises(psycopg.OperationalError, match="it cannot reach a majority"):
            cluster.at("A")
        cluster.order("heal")
        with cluster.again("A") as back:
            assert persist(back, ADD) == count + ROUNDS + 1
