"""How a portal hands out rows that are all there already."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.errors import RequestError
from daybreak.query import pgmessages as pg
from daybreak.query.classify import classify
from daybreak.query.portals import Portal, Prepared


def portal(sql: str = "SELECT 1", rows: int = 0, tag: str = "SELECT") -> Portal:
    made = Portal(Prepared(classify(sql)[0], (), 1), pg.BindMessage(b"p", b"", (), (), ()))
    data = [pg.data_row([b"%d" % n]) for n in range(rows)]
    start = [pg.PARSE_COMPLETE, pg.BIND_COMPLETE]
    assert made.keep([*start, *data, pg.command_complete(f"{tag} {rows}")]) == start
    return made


@given(st.integers(0, 12), st.lists(st.integers(1, 5), min_size=15, max_size=15))
def test_all_rows_come_once_and_in_order(rows: int, limits: list[int]) -> None:
    made, seen = portal(rows=rows), []
    for limit in limits:
        said = made.take(limit)
        seen += pg.text_rows(said)
        if said[-1] != pg.PORTAL_SUSPENDED:
            assert len(said) - 1 < limit  # PostgreSQL notices the end only when it finds fewer rows than asked for
            break
    assert seen == [(str(n),) for n in range(rows)]
    assert made.take(0) == [pg.command_complete("SELECT 0")]


def test_the_tag_of_a_select_counts_the_last_part_and_that_of_dml_the_whole() -> None:
    select = portal(rows=5)
    select.take(3)
    assert select.take(0)[-1] == pg.command_complete("SELECT 2")
    delete = portal("DELETE FROM t RETURNING id", rows=5, tag="DELETE")
    delete.take(3)
    assert delete.take(0)[-1] == pg.command_complete("DELETE 5")


def test_dml_cannot_run_again() -> None:
    made = portal("DELETE FROM t", tag="DELETE")
    assert made.take(0) == [pg.command_complete("DELETE 0")]
    with pytest.raises(RequestError, match='portal "p" cannot be run'):
        made.take(0)


def test_parameters_have_the_types_that_are_known() -> None:
    prepared = Prepared(classify("SELECT $1, $2")[0], (23,), 1)
    bound = Portal(prepared, pg.BindMessage(b"", b"", (1, 0), (b"1", None), ()))
    assert bound.parameters == [(1, 23, b"1"), (0, 0, None)]
    prepared.types = (23, 25)
    assert bound.parameters == [(1, 23, b"1"), (0, 25, None)]
