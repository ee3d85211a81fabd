"""The list of refused functions against the functions that the server has."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.errors import RequestError
from daybreak.query.grammar import nodes_of, parse
from daybreak.query.refusals import check_query
from tests.support.oracle import postgres

HARMLESS = frozenset("""
    array_sample array_shuffle clock_timestamp gen_random_uuid random random_normal setseed timeofday uuidv4 uuidv7
    pg_sleep pg_sleep_for pg_sleep_until amvalidate current_query
    pg_database_size pg_indexes_size pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size
    pg_partition_ancestors pg_partition_tree pg_collation_actual_version pg_database_collation_actual_version
    pg_available_wal_summaries pg_blocking_pids pg_control_checkpoint pg_control_init pg_control_recovery
    pg_control_system pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn pg_get_loaded_modules
    pg_get_multixact_members pg_get_wait_events pg_get_wal_replay_pause_state pg_get_wal_resource_managers
    pg_get_wal_summarizer_state pg_is_in_recovery pg_is_wal_replay_paused pg_isolation_test_session_is_blocked
    pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn
    pg_last_xact_replay_timestamp pg_lock_status pg_notification_queue_usage pg_prepared_xact
    pg_safe_snapshot_blocking_pids pg_stat_get_backend_io pg_stat_get_backend_wal pg_stat_get_io
    pg_stat_get_recovery_prefetch pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit
    pg_stat_get_xact_function_calls pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time
    pg_stat_get_xact_numscans pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched
    pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_newpage_updated
    pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_updated pg_wal_summary_contents
    pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status txid_status
    """.split())  # fmt: skip  # noqa: SIM905
"""Volatile functions that only read the server's own state or make up values."""

CALLABLE = """
SELECT DISTINCT proname::text FROM pg_proc
WHERE provolatile = 'v' AND prokind = 'f' AND has_function_privilege('plain', oid, 'EXECUTE')
  AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND NOT 'internal'::regtype = ANY (proargtypes)
"""
READING_TABLES = "SELECT DISTINCT proname::text FROM pg_proc WHERE proname ~ '^(table|schema|database)_to_xml'"


def refused(function: str) -> bool:
    try:
        check_query(nodes_of(parse(f'SELECT "{function}"()')[0].stmt))
    except RequestError:
        return True
    return False


def test_every_function_with_effects_is_refused_or_known_to_be_harmless(tmp_path: Path) -> None:
    with postgres(tmp_path) as server:
        server.execute("CREATE ROLE plain")
        effects = {name for (name,) in server.execute(CALLABLE).fetchall()}
        readers = {name for (name,) in server.execute(READING_TABLES).fetchall()}
        assert {name for name in effects if not refused(name)} <= HARMLESS
        assert len(effects) > 150
        assert readers
        assert all(refused(name) for name in readers)
        everything = {name for (name,) in server.execute("SELECT DISTINCT proname::text FROM pg_proc").fetchall()}
    assert not {name for name in HARMLESS & everything if refused(name)}


@pytest.mark.parametrize(
    "function", ["count", "lower", "now", "generate_series", "to_char", "pg_get_indexdef", "format"]
)
def test_ordinary_functions_are_allowed(function: str) -> None:
    assert not refused(function)
