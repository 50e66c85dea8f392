#!/bin/sh
# Generates the secrets of compose.yaml, once: a volume for each kind of process, which sees no other.
set -eu
umask 077

random() { head -c 48 /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_'; }

# put VOLUME NAME VALUE: for the account of the image
put() {
    printf %s "$3" > "/secrets/$1/$2"
    chown 10001:10001 "/secrets/$1" "/secrets/$1/$2"
}

if [ -e /secrets/database/complete ]; then
    exit 0
fi
superuser=$(random) owner=$(random) app=$(random) models=$(random)
for each in "superuser $superuser" "owner $owner" "app $app"; do
    printf %s "${each#* }" > "/secrets/database/${each%% *}"
done
put application SECRET_KEY "$(random)"
put application DATABASE_URL "postgresql://ragapp_app:$app@postgres/ragapp"
put application EMBEDDING_API_KEY "$models"
put models MODEL_SERVER_API_KEY "$models"
put owner DATABASE_OWNER_URL "postgresql://ragapp_owner:$owner@postgres/ragapp"
put owner BACKUP_DATABASE_URL "postgresql://postgres:$superuser@postgres/ragapp"
touch /secrets/database/complete
