"""Every secret at rest written anew under the present ``SECRET_KEY``.

    who                    where                                   what
    second factors         Authenticator.data                      seeds, recovery codes
    OpenID Connect         SocialApp.settings["client_secret"]     our secrets at providers
    OpenID Connect         OidcSession.id_token                    what a logout shows a provider

Sessions are encrypted too, but none outlives a day.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp
from django.db import transaction

from accounts.encryption import encrypted_anew
from accounts.logins.models.sessions import OidcSession
from accounts.oidc.configuration import CLIENT_SECRET

_OF_FACTORS = ("secret", "seed", "migrated_codes")


def rotate_secrets() -> int:
    """Encrypt every secret anew; return how many there were.

    Raises ImproperlyConfigured, having changed nothing, when one cannot be read.
    """
    count = 0
    with transaction.atomic():
        for factor in Authenticator.objects.select_for_update():
            count += _rotate(factor, "data", _OF_FACTORS)
        for app in SocialApp.objects.select_for_update():
            count += _rotate(app, "settings", (CLIENT_SECRET,))
        for session in OidcSession.objects.select_for_update():
            session.id_token = encrypted_anew(session.id_token)
            session.save(update_fields=["id_token"])
            count += 1
    return count


def _rotate(row: Authenticator | SocialApp, field: str, names: tuple[str, ...]) -> int:
    """Rotate the secrets ``names`` of a row's JSON ``field``; return how many there were."""
    kept: dict[str, Any] = getattr(row, field)
    found = {name: kept[name] for name in names if kept.get(name)}
    if not found:
        return 0
    setattr(row, field, kept | {name: _anew(value) for name, value in found.items()})
    row.save(update_fields=[field])
    return len(found)


def _anew(value: Any) -> Any:
    return [_anew(each) for each in value] if isinstance(value, list) else encrypted_anew(value)
