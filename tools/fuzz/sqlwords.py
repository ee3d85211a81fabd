"""What SQL texts are made of: statements that are allowed, statements that are not, and words of both."""

from __future__ import annotations

_STATEMENTS = """
SELECT a , count(*) FROM t AS x JOIN s . u USING ( id ) WHERE x . id = 1 AND b IN ( 'a' , 'b' ) GROUP BY a
SELECT * FROM t WHERE id = 1 FOR UPDATE
SELECT * FROM t AS x , ( SELECT 1 FROM v ) AS y WHERE id = 1 FOR KEY SHARE OF x
SELECT ( SELECT max ( a ) FROM t WHERE b = 2.5 ) , CASE WHEN a IS NULL THEN 1 ELSE 2 END FROM u
WITH w AS ( SELECT 1 FROM t ) SELECT * FROM w UNION ALL SELECT 2 FROM v
WITH d AS ( DELETE FROM t WHERE id = 1 RETURNING * ) SELECT * FROM d
WITH RECURSIVE r AS ( SELECT 1 UNION SELECT n + 1 FROM r ) SELECT * FROM r LIMIT 10
SELECT * FROM generate_series ( 1 , 3 ) AS g ( i ) , LATERAL ( SELECT i ) AS l
TABLE t
VALUES ( 1 , 'a' ) , ( 2 , NULL )
INSERT INTO t ( a , b ) VALUES ( 1 , 'x' ) ON CONFLICT ( a ) DO UPDATE SET b = excluded . b RETURNING *
INSERT INTO s . t SELECT * FROM u WHERE a > 1
UPDATE t SET a = a + 1 , b = 'c' FROM u WHERE t . id = u . id RETURNING t . a
DELETE FROM t USING u WHERE t . id = u . id
MERGE INTO t USING u ON t . id = u . id WHEN MATCHED THEN DELETE
EXPLAIN ( ANALYZE true , COSTS off ) SELECT * FROM t
EXPLAIN ANALYZE DELETE FROM t WHERE id = 1
COPY t ( a ) FROM STDIN WITH ( FORMAT csv )
COPY ( SELECT * FROM t ) TO STDOUT
COPY t TO '/tmp/x'
COPY t FROM PROGRAM 'ls'
CREATE TABLE t ( id int PRIMARY KEY , b text NOT NULL DEFAULT 'x' , UNIQUE ( b ) )
CREATE TABLE t AS SELECT * FROM u
SELECT * INTO t FROM u
CREATE UNIQUE INDEX ASYNC i ON t ( a , b ) INCLUDE ( c )
CREATE INDEX i ON t ( lower ( a ) ) WHERE b = 1
DROP TABLE IF EXISTS t , s . u CASCADE
DROP INDEX i
ALTER TABLE t ADD COLUMN c int
TRUNCATE t
BEGIN READ ONLY
START TRANSACTION ISOLATION LEVEL REPEATABLE READ
COMMIT
ROLLBACK
SAVEPOINT a
SET search_path TO public , s
SET LOCAL timezone = 'UTC'
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
SET ROLE postgres
RESET ALL
SHOW timezone
SET CONSTRAINTS ALL IMMEDIATE
DEALLOCATE ALL
PREPARE p AS SELECT 1
EXECUTE p ( 1 )
DECLARE c CURSOR FOR SELECT 1
LISTEN x
NOTIFY x , 'y'
LOCK TABLE t IN EXCLUSIVE MODE
DO $$ BEGIN NULL ; END $$
CALL p ( 1 )
VACUUM t
GRANT ALL ON t TO x
CREATE FUNCTION f ( ) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE VIEW v AS SELECT 1
SELECT pg_read_file ( 'x' ) , set_config ( 'a' , 'b' , true )
SELECT nextval ( 's' ) FROM t TABLESAMPLE SYSTEM ( 1 )
SELECT * FROM daybreak . x
SELECT $1 :: int , $2 || 'a' , ARRAY [ 1 , 2 ] , ROW ( 1 , 2 ) , -- end
SELECT 'é' , U&'x' , E'\\n' , "q""x" , /* c */ 1
"""
STATEMENTS = _STATEMENTS.strip().split("\n")

_ODD = ("/*", "*/", "--", "\n", "'", '"', "$$", "$a$", "\\", "\x00", "\x01", "::")
WORDS = [*sorted({word for statement in STATEMENTS for word in statement.split(" ")}), *_ODD, "XMLPARSE", "lo_import"]

_REACHING = """
pg_read_file pg_ls_dir lo_import lo_export set_config nextval setval currval query_to_xml table_to_xml dblink
pg_advisory_lock pg_terminate_backend pg_cancel_backend pg_notify pg_reload_conf pg_stat_file
"""
FORBIDDEN_FUNCTIONS = frozenset(_REACHING.split())
"""Some that reach around the snapshot."""
