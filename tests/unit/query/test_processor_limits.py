"""P22 where the session meets it: at each limit all is well, one past it the call is refused."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import CommitRequest
from daybreak.base.keys import Key
from daybreak.base.limits import MAX_AGE_US, MAX_BYTES, MAX_ROWS
from daybreak.base.writes import Access, Write
from daybreak.errors import LimitError
from tests.support.processor_bench import Bench
from tests.support.roles import CATALOG, key, sent

A, B = key("a"), key("b")
W, R = Access.WRITE, Access.VALIDATE


def use(bench: Bench, call: str) -> None:
    """Do with the transaction what `call` names."""
    keys: list[Key] = [A]
    match call:
        case "get":
            bench.role.get(keys)
        case "scan":
            bench.role.scan(A, B, None)
        case "put":
            bench.role.put([Write(A, W, b"v")], 1)
        case "check":
            bench.role.check([CATALOG], R)
        case "finish":
            bench.role.finish()


@pytest.mark.parametrize("call", ["get", "scan", "put", "check", "finish"])
def test_a_transaction_may_be_used_up_to_its_age_limit_and_no_longer(call: str) -> None:
    for over in (0, 1):
        bench = Bench()
        bench.role.open()
        bench.clock.advance(MAX_AGE_US + over)
        if over:
            with pytest.raises(LimitError, match="age limit of 300s"):
                use(bench, call)
        else:
            use(bench, call)


def test_a_write_past_the_row_limit_is_refused_and_not_buffered() -> None:
    bench = Bench()
    bench.role.open()
    bench.role.put([Write(A, W, b"v")], MAX_ROWS)
    before = bench.sink.acts()
    with pytest.raises(LimitError):
        bench.role.put([Write(B, W, b"v")], 1)
    assert bench.sink.acts() == before
    assert bench.role.transaction.writes.keys() == {A}
    bench.role.put([Write(B, W, b"v")], 0)


@pytest.mark.parametrize("over", [0, 1])
def test_a_commit_past_the_size_limit_is_not_sent(over: int) -> None:
    bench = Bench()
    bench.role.open()
    bench.role.put([Write(A, W, b"v" * (MAX_BYTES - len(A) + over))], 1)
    if over:
        with pytest.raises(LimitError):
            bench.role.finish()
        assert bench.role.transaction.phase == "running"
    else:
        assert len(sent(bench.role.finish(), CommitRequest)) == 1
