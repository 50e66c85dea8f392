-- Run by the superuser before tests. The owner may create their databases, and empty them by taking
-- the role ragapp_emptier, to which neither row security nor triggers apply.
ALTER ROLE ragapp_owner CREATEDB;

SELECT 'CREATE ROLE ragapp_emptier BYPASSRLS'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ragapp_emptier') \gexec
GRANT pg_read_all_data, pg_write_all_data TO ragapp_emptier;
GRANT SET ON PARAMETER session_replication_role TO ragapp_emptier;
GRANT ragapp_emptier TO ragapp_owner WITH INHERIT FALSE, SET TRUE;
