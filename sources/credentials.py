"""The secrets of sources: encrypted in the row, decrypted for a run only."""

import json
from collections.abc import Mapping

from instances.across_instances import call_function
from instances.tenancy import tenant
from sources.models import Source
from web.encryption import decrypt, encrypt, encrypt_again


def encrypted(secrets: Mapping[str, str]) -> str:
    """Return secrets as they are stored; empty when there are none."""
    given = {name: value for name, value in secrets.items() if value}
    return encrypt(json.dumps(given)) if given else ""


def secrets_of(source: Source) -> dict[str, str]:
    """Return the secrets of a source. Raises ImproperlyConfigured if they cannot be read."""
    if not source.encrypted_secrets:
        return {}
    found: dict[str, str] = json.loads(decrypt(source.encrypted_secrets))
    return found


def rotate() -> int:
    """Encrypt the secrets of all sources again with the present key; return their number.

    Runs in a transaction. Raises ImproperlyConfigured if one cannot be decrypted.
    """
    count = 0
    for (instance_id,) in call_function("instances_with_source_secrets"):
        with tenant(instance_id):
            sources = Source.objects.for_instance(instance_id).exclude(encrypted_secrets="")
            for source in sources.select_for_update():
                source.encrypted_secrets = encrypt_again(source.encrypted_secrets)
                source.save(update_fields=["encrypted_secrets"])
                count += 1
    return count
