"""API keys: created, authenticated, confirmed, revoked.

A key belongs to a person and an instance, and is valid for as long as that person's membership; a
key without a person was created by an operator's command. Its plaintext is shown once, at creation.
"""

from datetime import datetime, timedelta
from functools import cache

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Now
from django.utils import timezone

from instances import audit
from instances.access import second_factor
from instances.access.charters import is_pending
from instances.access.gates import closed_code, record_use
from instances.errors import KeyLimit
from instances.models import ApiKey, Identity, Instance, Membership
from instances.quotas import lock_totals
from instances.tenancy import as_key, tenant
from people.models import User
from web.postgresql.prepared import Parameter, PreparedQuery
from web.secret_tokens import digest_of, new_token

SHOWN_PREFIX = 12
LONGEST_LIFE = timedelta(days=365)
_USUAL_LIFE = timedelta(days=90)


def create_api_key(
    *,
    instance: Instance,
    name: str,
    scope: str,
    created_by: User | None,
    expires_at: datetime | None = None,
    proof: str | None = None,
    is_batch: bool = False,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its plaintext, which is not stored.

    The questions of a key that ``is_batch`` come after those for which somebody waits.

    A person's key expires after 90 days, or at ``expires_at``, within a year (else ValueError).
    ``proof`` is the second factor of their session (``second_factor.proof_of``). Raises KeyLimit.
    """
    now = timezone.now()
    if created_by is not None:
        expires_at = expires_at or now + _USUAL_LIFE
        if expires_at > now + LONGEST_LIFE:
            raise ValueError("a person's key lasts a year at most")
    plaintext = "rag_" + new_token()
    with tenant(instance):
        _check_number(instance, created_by)
        key = ApiKey.objects.create(
            instance=instance,
            name=name,
            prefix=plaintext[:SHOWN_PREFIX],
            digest=digest_of(plaintext),
            scope=scope,
            is_batch=is_batch,
            created_by=created_by,
            expires_at=expires_at,
            second_factor_at=None if proof is None else now,
            second_factor_source=proof or "",
        )
        audit.record(
            audit.Action.KEY_CREATED,
            instance=instance,
            target=audit.Target.of(key, f"{name} ({key.prefix}…)"),
            scope=scope,
            until=expires_at,
        )
    return key, plaintext


def authenticate(plaintext: str) -> ApiKey | None:
    """Return the valid key with its instance loaded, or None.

    None for an unknown, revoked or expired key, and for one whose person has lost access.
    Annotations: ``holder_role`` is the person's role (None for a key without a person),
    ``charter_is_pending`` whether they must still accept a charter, ``second_factor_holds`` whether
    the second factor with which they confirmed the key is still valid. Takes one query, and two
    more every ten minutes.
    """
    digest = digest_of(plaintext)
    with as_key(digest):
        usable = _usable(settings.IDENTITY_DAYS).rows(digest=digest)
    if not usable:
        return None
    (key,) = usable
    record_use(key)
    return key


def is_usable(key: ApiKey) -> bool:
    """Whether the key is still valid and its instance open."""
    with as_key(key.digest):
        usable = _usable(settings.IDENTITY_DAYS).rows(digest=key.digest)
    return any(not closed_code(current.instance) for current in usable)


def revoke(key: ApiKey) -> None:
    """Revoke the key at once; its row is kept."""
    with transaction.atomic():
        still_valid = ApiKey.objects.for_instance(key.instance_id).filter(
            pk=key.pk, revoked_at=None
        )
        if still_valid.update(revoked_at=timezone.now()):
            audit.record(
                audit.Action.KEY_REVOKED,
                instance=key.instance,
                target=audit.Target.of(key, f"{key.name} ({key.prefix}…)"),
            )


def _check_number(instance: Instance, person: User | None) -> None:
    """Raise KeyLimit unless one more key is allowed; locks the count until the transaction ends."""
    lock_totals(instance.pk)
    now = timezone.now()
    valid = ApiKey.objects.for_instance(instance).filter(
        Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None
    )
    if person is not None:
        limit = settings.API_KEYS_PER_PERSON
        if valid.filter(created_by=person).count() >= limit:
            raise KeyLimit(limit, of_person=True)
    limit = settings.API_KEYS_PER_INSTANCE
    if valid.count() >= limit:
        raise KeyLimit(limit, of_person=False)


def confirm(key: ApiKey, *, proof: str) -> None:
    """Record that the key's person confirms it, in a session with this second factor."""
    with transaction.atomic():
        ApiKey.objects.for_instance(key.instance_id).filter(pk=key.pk).update(
            second_factor_at=timezone.now(), second_factor_source=proof
        )
        audit.record(
            audit.Action.KEY_CONFIRMED,
            instance=key.instance,
            target=audit.Target.of(key, f"{key.name} ({key.prefix}…)"),
        )


def lacks_second_factor(key: ApiKey) -> bool:
    """Whether the key's person needs a second factor, and the key was not confirmed with one.

    ``key`` comes from ``with_holder``.
    """
    person = key.created_by
    if person is None:
        return False
    role = key.holder_role  # type: ignore[attr-defined]  # annotated
    is_operator = settings.REQUIRE_OPERATOR_MFA and person.is_staff
    is_asked = is_operator or second_factor.is_required(key.instance, role)
    return bool(is_asked and not key.second_factor_holds)  # type: ignore[attr-defined]  # annotated


def with_holder(keys: QuerySet[ApiKey], identity_days: int) -> QuerySet[ApiKey]:
    """Annotate keys with their person's role, and whether their second factor is still valid.

    A second factor of this site is valid while the person keeps an authenticator that they had when
    they confirmed the API key; one of an institution for ``identity_days`` (the setting
    IDENTITY_DAYS), and not longer than the identity that the institution asserted.
    """
    membership = Membership.objects.current(Now()).filter(
        instance=OuterRef("instance"), user=OuterRef("created_by"), user__is_active=True
    )
    since = Now() - timedelta(days=identity_days)
    kept = Authenticator.objects.filter(
        user=OuterRef("created_by"),
        type__in=(Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN),
        created_at__lte=OuterRef("second_factor_at"),
    )
    asserted = Identity.objects.filter(
        user=OuterRef("created_by"),
        source=OuterRef("second_factor_source"),
        asserted_at__gt=since,
    )
    holds = Q(Exists(kept), second_factor_source=second_factor.OWN) | Q(
        Exists(asserted), second_factor_at__gt=since
    )
    return keys.select_related("instance__organisation", "created_by").annotate(
        holder_role=Subquery(membership.values("role")[:1]),
        second_factor_holds=Case(
            When(holds, then=True), default=False, output_field=BooleanField()
        ),
    )


@cache
def _usable(identity_days: int) -> PreparedQuery[ApiKey]:
    """The key of a digest if it is neither expired nor revoked, and its person still has access."""

    def usable(digest: Parameter) -> QuerySet[ApiKey]:
        return (
            with_holder(ApiKey.objects.all(), identity_days)
            .annotate(charter_is_pending=is_pending(OuterRef(OuterRef("created_by"))))
            .filter(
                Q(expires_at=None) | Q(expires_at__gt=Now()),
                Q(created_by=None) | Q(holder_role__isnull=False),
                revoked_at=None,
                digest=digest,
            )
            # There is one at most.
            .order_by()
        )

    return PreparedQuery(usable, digest=CharField())
