"""The write buffer and the limits of P22: at the limit all is well, one past it the request is refused."""

from __future__ import annotations

import pytest

from daybreak.base.ids import TxnId
from daybreak.base.limits import MAX_AGE_US, MAX_BYTES, MAX_ROWS
from daybreak.base.writes import Access, Write
from daybreak.errors import LimitError
from daybreak.query.transaction import Transaction
from tests.support.roles import key, time

K = key("k")
W, N, S, R = Access.WRITE, Access.UPDATE, Access.SHARE, Access.VALIDATE


def transaction() -> Transaction:
    """A transaction that has begun."""
    return Transaction(TxnId("t"), time(0), TxnId("t"))


def test_the_limits_are_those_that_users_are_told() -> None:
    assert (MAX_ROWS, MAX_BYTES, MAX_AGE_US) == (3_000, 10 * 1024 * 1024, 300_000_000)


def test_a_transaction_may_be_as_old_as_the_limit_and_no_older() -> None:
    made = transaction()
    made.check_age(time(MAX_AGE_US))
    with pytest.raises(LimitError, match="transaction age limit of 300s exceeded"):
        made.check_age(time(MAX_AGE_US + 1))


def test_a_transaction_may_modify_as_many_rows_as_the_limit_and_no_more() -> None:
    made = transaction()
    made.check_rows(MAX_ROWS)
    made.buffer([Write(K, W, b"v")], MAX_ROWS - 1)
    made.check_rows(1)
    with pytest.raises(LimitError, match="transaction row limit exceeded"):
        made.check_rows(2)


@pytest.mark.parametrize("over", [0, 1])
def test_a_transaction_may_write_as_many_bytes_as_the_limit_and_no_more(over: int) -> None:
    made = transaction()
    made.buffer([Write(K, W, b"v" * (MAX_BYTES - len(K) - len(key("deleted")) + over))], 1)
    made.buffer([Write(key("deleted"), W, None)], 1)
    if not over:
        made.check_size()
        return
    with pytest.raises(LimitError, match="transaction size limit 10mb exceeded") as error:
        made.check_size()
    assert error.value.detail == "Current transaction size 11mb > 10mb"
    assert error.value.sqlstate == "54000"


def test_a_key_written_twice_counts_once_with_its_last_value() -> None:
    made = transaction()
    made.buffer([Write(K, W, b"v" * MAX_BYTES)], 1)
    made.buffer([Write(K, N, b"w")], 1)
    made.check_size()
    assert made.writes == {K: Write(K, N, b"w")}
    assert made.rows == 2


@pytest.mark.parametrize("strongest", [W, N, S])
def test_a_key_is_checked_in_the_strongest_class_it_was_accessed_in(strongest: Access) -> None:
    order = [W, N, S, R]
    weaker = order[order.index(strongest) + 1 :]
    for accesses in ([strongest, *weaker], [*weaker, strongest]):
        made = transaction()
        for access in accesses:
            made.access(K, access)
        assert made.accesses == {K: strongest}


def test_a_write_after_a_key_share_is_checked_as_a_write() -> None:
    made = transaction()
    made.access(K, S)
    made.buffer([Write(K, N, b"v")], 1)
    assert made.accesses == {K: N}
