-- Run once by the superuser in template1, so that every database, a test's too, is born with the
-- extensions and grants. Passwords come from the environment, never from a command line.
\getenv owner_password RAGAPP_OWNER_PASSWORD
\getenv app_password RAGAPP_APP_PASSWORD

SELECT format('CREATE ROLE %I', name)
  FROM unnest(ARRAY['ragapp_owner', 'ragapp_app']) AS name
 WHERE name NOT IN (SELECT rolname FROM pg_roles) \gexec

ALTER ROLE ragapp_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB
    PASSWORD :'owner_password';
ALTER ROLE ragapp_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB
    PASSWORD :'app_password';

-- The outer limit of what the application may occupy. Each kind of process asks for shorter ones
-- when it connects (ragapp/settings/database.py), which a pooler between the two may not pass on.
ALTER ROLE ragapp_app SET statement_timeout = '30min';
ALTER ROLE ragapp_app SET lock_timeout = '30min';
ALTER ROLE ragapp_app SET idle_in_transaction_session_timeout = '30min';

CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS btree_gin;

GRANT USAGE ON SCHEMA public TO ragapp_app;
ALTER DEFAULT PRIVILEGES FOR ROLE ragapp_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ragapp_app;
ALTER DEFAULT PRIVILEGES FOR ROLE ragapp_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO ragapp_app;

SELECT 'CREATE DATABASE ragapp OWNER ragapp_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'ragapp') \gexec
