"""Usage charters: published in versions, accepted by each person before the first use.

Up to three apply to an instance: the site's, its organisation's and its own.
"""

from django.db import connection, transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from instances import audit
from instances.models import Charter, CharterAcceptance, Instance, Organisation


def charters_of(instance: Instance) -> QuerySet[Charter]:
    """The current charters that apply to ``instance``, widest first."""
    return Charter.objects.filter(
        Q(organisation=None, instance=None)
        | Q(organisation=instance.organisation_id)
        | Q(instance=instance),
        is_current=True,
    ).order_by(F("instance").asc(nulls_first=True), F("organisation").asc(nulls_first=True))


def is_pending(user_id: int | OuterRef) -> Exists:
    """Return a condition on tenant rows: whether ``user_id`` must still accept a charter."""
    current = Charter.objects.filter(
        Q(organisation=None, instance=None)
        | Q(organisation=OuterRef("instance__organisation"))
        | Q(instance=OuterRef("instance")),
        is_current=True,
    )
    accepted = CharterAcceptance.objects.filter(charter=OuterRef("pk"), user=user_id)
    return Exists(current.exclude(Exists(accepted)))


def pending_charters(user_id: int, instance: Instance) -> list[Charter]:
    """The charters that ``user_id`` must still accept for ``instance``, widest first."""
    accepted = CharterAcceptance.objects.filter(charter=OuterRef("pk"), user=user_id)
    return list(charters_of(instance).exclude(Exists(accepted)))


def accept(*, user_id: int, charters: list[Charter]) -> None:
    """Record that a person accepts these versions, with time and client address."""
    address = audit.current_origin().address
    CharterAcceptance.objects.bulk_create(
        [
            CharterAcceptance(charter=charter, user_id=user_id, address=address)
            for charter in charters
        ],
        ignore_conflicts=True,
    )


def publish(
    *,
    organisation: Organisation | None = None,
    instance: Instance | None = None,
    text_fr: str,
    text_en: str,
    user_id: int | None,
) -> Charter:
    """Publish a new version, which all members concerned must accept."""
    with transaction.atomic():
        former = _lock(organisation, instance)
        newest = former.aggregate(Max("version"))["version__max"] or 0
        former.filter(is_current=True).update(is_current=False)
        charter: Charter = Charter.objects.create(
            organisation=organisation,
            instance=instance,
            version=newest + 1,
            text_fr=text_fr,
            text_en=text_en,
            published_by_id=user_id,
        )
        audit.record(
            audit.Action.CHARTER_PUBLISHED,
            instance=instance,
            organisation=organisation,
            version=charter.version,
        )
    return charter


def withdraw(*, organisation: Organisation | None = None, instance: Instance | None = None) -> None:
    """Withdraw the current version; acceptances are kept."""
    with transaction.atomic():
        if _lock(organisation, instance).filter(is_current=True).update(is_current=False):
            audit.record(
                audit.Action.CHARTER_WITHDRAWN, instance=instance, organisation=organisation
            )


def _lock(organisation: Organisation | None, instance: Instance | None) -> QuerySet[Charter]:
    """The charters of one level, locked so that concurrent publications get distinct versions.

    An advisory lock until the transaction ends: before the first version there is no row to lock.
    """
    level = f"charters of {organisation and organisation.pk}, {instance and instance.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [level])
    return Charter.objects.filter(organisation=organisation, instance=instance)
