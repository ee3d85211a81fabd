from __future__ import annotations

from daybreak.query.cleaning import DEAD_ROWS, FAILED_ROWS, Cleaning
from tests.support.engines import ACCOUNTS


def test_a_table_is_cleaned_once_its_dead_rows_add_up() -> None:
    cleaning = Cleaning()
    cleaning.count(ACCOUNTS, DEAD_ROWS - 1)
    assert cleaning.due() == []
    cleaning.count(ACCOUNTS, 1)
    [command] = cleaning.due()
    assert b'VACUUM "public"."accounts"' in command
    assert cleaning.due() == []


def test_failed_statements_count_too() -> None:
    cleaning = Cleaning()
    for _ in range(DEAD_ROWS // FAILED_ROWS):
        assert cleaning.due() == []
        cleaning.count_failed([ACCOUNTS])
    assert len(cleaning.due()) == 1
