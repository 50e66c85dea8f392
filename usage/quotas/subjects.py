"""Which quotas apply to a request, and whose counters it adds to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import BigIntegerField, Q, QuerySet

from instances.models import ApiKey, Instance
from people.models import User
from usage.models import Quota
from usage.quotas.windows import Window, window_of
from web.postgresql.prepared import Parameter, PreparedQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaHolder:
    """Whose requests are counted: a person or an API key, in an instance."""

    instance: Instance
    user: User | None = None
    key: ApiKey | None = None

    @classmethod
    def of_key(cls, key: ApiKey) -> Self:
        """Return the holder of a key's requests: also its person, if it has one."""
        return cls(instance=key.instance, user=key.created_by, key=key)

    @property
    def user_id(self) -> int | None:
        """The id of the person, None for a key that belongs to nobody."""
        return None if self.user is None else self.user.pk

    @property
    def key_id(self) -> int | None:
        """The id of the API key, None for a person in a browser."""
        return None if self.key is None else self.key.pk

    def subject(self, per: str) -> str:
        """Return the name of the counters of a quota for each ``per``; "" if it does not apply."""
        if whole := _whole(per, self.instance.organisation_id, self.instance.pk):
            return whole
        if per == Quota.Per.MEMBER and self.user is not None:
            return f"member:{self.user.pseudonym}"
        # A key that belongs to no person counts as one.
        return f"key:{self.key.pk}" if self.key is not None else ""


@dataclass(frozen=True, slots=True)
class Applied:
    """A quota as it applies to a holder now."""

    quota: Quota
    subject: str
    window: Window
    # None: the subject may be active in several instances.
    instance_id: int | None


def shared_subject(quota: Quota) -> str:
    """Return the only subject of a quota of its own level as a whole; "" if it has several."""
    return _whole(quota.per, quota.organisation_id, quota.instance_id)


def _whole(per: str, organisation_id: int | None, instance_id: int | None) -> str:
    """Return the name of the site, an organisation or an instance as a subject, else ""."""
    match per:
        case Quota.Per.SITE:
            return "site"
        case Quota.Per.ORGANISATION if organisation_id is not None:
            return f"organisation:{organisation_id}"
        case Quota.Per.INSTANCE if instance_id is not None:
            return f"instance:{instance_id}"
    return ""


def quotas_for(holder: QuotaHolder, now: datetime) -> list[Applied]:
    """Return the quotas of site, organisation and instance that apply, in lock order."""
    instance = holder.instance
    quotas = _QUOTAS.rows(organisation_id=instance.organisation_id, instance_id=instance.pk)
    return list(_applied(quotas, holder, now))


def _quotas_over(organisation_id: Parameter, instance_id: Parameter) -> QuerySet[Quota]:
    places = Q(organisation=None, instance=None)
    places |= Q(organisation=organisation_id) | Q(instance=instance_id)
    return Quota.objects.filter(places).order_by("pk")


_QUOTAS = PreparedQuery(
    _quotas_over, organisation_id=BigIntegerField(), instance_id=BigIntegerField()
)


def _applied(quotas: Iterable[Quota], holder: QuotaHolder, now: datetime) -> Iterable[Applied]:
    for quota in quotas:
        if not (subject := holder.subject(quota.per)):
            continue
        is_of_instance = (
            quota.instance_id is not None
            or quota.per == Quota.Per.INSTANCE
            or subject.startswith("key:")
        )
        instance_id = holder.instance.pk if is_of_instance else None
        yield Applied(quota, subject, window_of(quota.period, now), instance_id)
