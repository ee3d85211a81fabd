from __future__ import annotations

from daybreak.query import pgmessages as pg
from daybreak.query.backendstate import BackendState

SYNC = pg.message(b"S")
ONE, TWO = pg.parse(b"s", b"SELECT 1"), pg.parse(b"s", b"SELECT 2")


def test_nothing_is_replayed_for_a_fresh_backend() -> None:
    assert BackendState().replay() == (SYNC, 1)


def test_statements_are_replayed_as_last_prepared() -> None:
    state = BackendState()
    state.note_statements([ONE, pg.parse(b"", b"SELECT 3"), pg.describe(b"S", b"s")])
    assert state.replay() == (ONE + pg.parse(b"", b"SELECT 3") + SYNC, 1)
    state.note_statements([pg.close(b"P", b"s"), pg.close(b"S", b"")])
    assert state.replay() == (ONE + SYNC, 1)
    state.note_statements([pg.close(b"S", b"s"), TWO])
    assert state.replay() == (TWO + SYNC, 1)


def test_settings_do_not_pile_up() -> None:
    state = BackendState()
    for number in range(10):
        state.note_settings(pg.query(b"set Session application_name = 'a%d'" % number), 1, [pg.command_complete("SET")])
    assert state.replay() == (SYNC + pg.query(b"set Session application_name = 'a9'"), 2)


def test_settings_are_replayed_in_their_last_order() -> None:
    state = BackendState()
    first, second = pg.query(b"SET timezone = 'UTC'"), pg.query(b"RESET ALL")
    state.note_settings(first, 1, [pg.command_complete("SET")])
    state.note_settings(second, 1, [pg.command_complete("RESET")])
    state.note_settings(first, 1, [pg.command_complete("SET")])
    state.note_settings(pg.query(b"SHOW timezone"), 1, [pg.command_complete("SHOW")])
    assert state.replay() == (SYNC + second + first, 3)
    state.clear()
    assert state.replay() == (SYNC, 1)
