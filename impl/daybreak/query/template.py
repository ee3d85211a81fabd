"""What every private database is made from: a template database with capture of changed rows built in.

Its functions live in schema pg_catalog and its triggers are marked as internal, so that introspection (psql ``\\d``,
ORMs) shows the client's own objects only.
"""

from __future__ import annotations

from daybreak.base.limits import MAX_ROWS
from daybreak.query import sysviews
from daybreak.query.capture import CAPTURE_SQLSTATE

TEMPLATE = "daybreak_template"
CLIENT_ROLE = "admin"
DATABASE_NAME = "postgres"
"""What a client's database calls itself, whatever its name on the private server."""

CREATE_ROLE = f"CREATE ROLE {CLIENT_ROLE} LOGIN"
CREATE_TEMPLATE = f"CREATE DATABASE {TEMPLATE} OWNER {CLIENT_ROLE} STRATEGY file_copy"
SEAL_TEMPLATE = f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false"

CURRENT_DATABASE = f"""
CREATE OR REPLACE FUNCTION pg_catalog.current_database() RETURNS name
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$ SELECT '{DATABASE_NAME}'::pg_catalog.name $$
"""

# More rows than a transaction may modify are reported as one too many: enough to refuse the statement, and a
# statement that changes a million rows does not fill our memory first.
_ROWS = f"""
    SELECT pg_catalog.encode(pg_catalog.string_agg(pg_catalog.record_send(r), ''), 'hex')
    FROM (SELECT * FROM {{table}} LIMIT {MAX_ROWS + 1}) r
"""

# record_send converts text to the client's encoding; storage holds UTF-8.
CAPTURE = f"""
CREATE FUNCTION pg_catalog.daybreak_capture() RETURNS trigger LANGUAGE plpgsql SET client_encoding = 'UTF8' AS $$
DECLARE
    old_hex text;
    new_hex text;
BEGIN
    IF TG_OP OPERATOR(pg_catalog.<>) 'INSERT' THEN
        old_hex := ({_ROWS.format(table="daybreak_old")});
    END IF;
    IF TG_OP OPERATOR(pg_catalog.<>) 'DELETE' THEN
        new_hex := ({_ROWS.format(table="daybreak_new")});
    END IF;
    IF old_hex IS NOT NULL OR new_hex IS NOT NULL THEN
        RAISE INFO USING ERRCODE = '{CAPTURE_SQLSTATE}', MESSAGE = TG_OP,
            DETAIL = COALESCE(old_hex, ''), HINT = COALESCE(new_hex, ''),
            SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$
"""

_TRIGGER = """
        EXECUTE pg_catalog.format('CREATE TRIGGER daybreak_{event} AFTER {event} ON %s REFERENCING {tables} '
            'FOR EACH STATEMENT {when} EXECUTE FUNCTION pg_catalog.daybreak_capture()', made.object_identity);
"""

_OLD, _NEW = "OLD TABLE AS daybreak_old", "NEW TABLE AS daybreak_new"
_UNLESS_LOADING = "WHEN (pg_catalog.current_setting(''daybreak.loading'', true) IS DISTINCT FROM ''on'')"

INSTALL = f"""
CREATE FUNCTION pg_catalog.daybreak_install() RETURNS event_trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog SET allow_system_table_mods = on AS $$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' LOOP
{_TRIGGER.format(event="INSERT", tables=_NEW, when=_UNLESS_LOADING)}
{_TRIGGER.format(event="UPDATE", tables=f"{_OLD} {_NEW}", when="")}
{_TRIGGER.format(event="DELETE", tables=_OLD, when="")}
        UPDATE pg_trigger SET tgisinternal = true
        WHERE tgrelid = made.objid AND tgfoid = 'pg_catalog.daybreak_capture'::regproc;
    END LOOP;
END $$
"""

INSTALL_ON_CREATE = """
CREATE EVENT TRIGGER daybreak_install ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
EXECUTE FUNCTION pg_catalog.daybreak_install()
"""

# A row in storage was checked when it was written; a check that depends on the time or that was added NOT VALID may
# refuse it now. A relation whose count of checks is 0 has none. Only a load may ask for this.
SET_CHECKS = """
CREATE FUNCTION pg_catalog.daybreak_set_checks(relation regclass, active boolean) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog SET allow_system_table_mods = on AS $$
BEGIN
    IF current_setting('daybreak.loading', true) IS DISTINCT FROM 'on' THEN
        RAISE insufficient_privilege USING MESSAGE = 'checks are suspended only while rows are loaded';
    END IF;
    UPDATE pg_class SET relchecks = CASE WHEN active
        THEN (SELECT count(*) FROM pg_constraint WHERE conrelid = relation AND contype = 'c') ELSE 0 END
    WHERE oid = relation;
END $$
"""

EXISTS = f"SELECT 1 FROM pg_catalog.pg_database WHERE datname = '{TEMPLATE}'"

IN_TEMPLATE = (
    f"ALTER SCHEMA public OWNER TO {CLIENT_ROLE}",
    CURRENT_DATABASE,
    CAPTURE,
    INSTALL,
    INSTALL_ON_CREATE,
    SET_CHECKS,
    *sysviews.definitions(),
)


def create_database(name: str) -> str:
    """A private database: 7 MiB of files, copied without going through the log."""
    return f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {CLIENT_ROLE} STRATEGY file_copy"


def drop_database(name: str) -> str:
    """The end of a private database, whoever is still connected to it."""
    return f"DROP DATABASE {name} WITH (FORCE)"
