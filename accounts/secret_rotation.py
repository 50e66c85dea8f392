"""Encrypt all stored secrets again with the present ``SECRET_KEY``.

owner                  where                                   what
second factors         Authenticator.data                      seeds, recovery codes
OpenID Connect         SocialApp.settings["client_secret"]     our secrets at providers
OpenID Connect         OidcSession.id_token                    id_token_hint of a logout
backends of models     BackendAccess.encrypted_key             API keys of organisations
jobs of Slurm          ServerJob.encrypted_key                 the keys of their servers
sources of documents   Source.encrypted_secrets                passwords and keys of other servers

Sessions are encrypted too, but expire within a day.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp
from django.db import transaction

from accounts.logins.models.sessions import OidcSession
from accounts.oidc.configuration import CLIENT_SECRET
from inference.models import BackendAccess, ServerJob
from sources.credentials import rotate as rotate_sources
from web.encryption import encrypt_again

_OF_FACTORS = ("secret", "seed", "migrated_codes")


def rotate_secrets() -> int:
    """Encrypt all secrets again; return their number.

    If a secret cannot be decrypted, raises ImproperlyConfigured and changes nothing.
    """
    count = 0
    with transaction.atomic():
        for factor in Authenticator.objects.select_for_update():
            count += _rotate(factor, "data", _OF_FACTORS)
        for app in SocialApp.objects.select_for_update():
            count += _rotate(app, "settings", (CLIENT_SECRET,))
        for session in OidcSession.objects.select_for_update():
            session.id_token = encrypt_again(session.id_token)
            session.save(update_fields=["id_token"])
            count += 1
        for access in BackendAccess.objects.select_for_update().exclude(encrypted_key=""):
            access.encrypted_key = encrypt_again(access.encrypted_key)
            access.save(update_fields=["encrypted_key"])
            count += 1
        for job in ServerJob.objects.active().select_for_update().exclude(encrypted_key=""):
            job.encrypted_key = encrypt_again(job.encrypted_key)
            job.save(update_fields=["encrypted_key"])
            count += 1
        count += rotate_sources()
    return count


def _rotate(row: Authenticator | SocialApp, field: str, names: tuple[str, ...]) -> int:
    """Rotate the secrets ``names`` in a row's JSON ``field``; return their number."""
    kept: dict[str, Any] = getattr(row, field)
    found = {name: kept[name] for name in names if kept.get(name)}
    if not found:
        return 0
    setattr(row, field, kept | {name: _anew(value) for name, value in found.items()})
    row.save(update_fields=[field])
    return len(found)


def _anew(value: Any) -> Any:
    return [_anew(each) for each in value] if isinstance(value, list) else encrypt_again(value)
