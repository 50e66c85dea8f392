#!/bin/sh
# Starts PostgreSQL's own entrypoint with passwords from files, which launcher/services/roles.sql reads.
set -eu
export POSTGRES_PASSWORD_FILE=/secrets/superuser
RAGAPP_OWNER_PASSWORD=$(cat /secrets/owner)
RAGAPP_APP_PASSWORD=$(cat /secrets/app)
export RAGAPP_OWNER_PASSWORD RAGAPP_APP_PASSWORD
exec docker-entrypoint.sh postgres -c shared_buffers=256MB -c jit=off
