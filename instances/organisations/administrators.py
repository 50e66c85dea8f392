"""Administrators of an organisation, and whether the organisation is enabled.

Disabling one also ends sessions: ``accounts.logins.withdrawal``.
"""

from django.db import transaction
from django.db.models import QuerySet

from instances import audit
from instances.account_control import require_independent
from instances.errors import AlreadyAdministrator, LastOrganisationAdministrator
from instances.models import Organisation, OrganisationAdministrator
from instances.rules.matching import reevaluate_organisation
from people.models import User


def administrators_of(organisation: Organisation) -> QuerySet[OrganisationAdministrator]:
    """The administrators of the organisation, sorted by name."""
    return organisation.administrators.select_related("user").order_by(
        "user__last_name", "user__first_name", "user__username"
    )


def add_administrator(
    organisation: Organisation, user: User, *, by: User
) -> OrganisationAdministrator:
    """Make a person an administrator of the organisation.

    Raises AlreadyAdministrator, and the errors of ``require_independent`` for ``by``.
    """
    if user.pk != by.pk:
        # Operators gain nothing by adding themselves: they manage every organisation.
        require_independent(actor=by, person=user)
    with transaction.atomic():
        administrator, created = OrganisationAdministrator.objects.get_or_create(
            organisation=organisation, user=user
        )
        if not created:
            raise AlreadyAdministrator(user.username)
        audit.record(
            audit.Action.ADMINISTRATOR_ADDED,
            organisation=organisation,
            target=user,
        )
    return administrator


def remove_administrator(administrator: OrganisationAdministrator, *, may_be_last: bool) -> None:
    """Remove an administrator of an organisation.

    ``may_be_last`` is for operators, who may remove the last one. Raises
    LastOrganisationAdministrator.
    """
    organisation, user = administrator.organisation, administrator.user
    with transaction.atomic():
        # Locked, so that two administrators cannot remove each other concurrently.
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        others = organisation.administrators.filter(user__is_active=True).exclude(
            pk=administrator.pk
        )
        if not may_be_last and not others.exists():
            raise LastOrganisationAdministrator(organisation.slug)
        if administrator.delete()[0]:
            audit.record(
                audit.Action.ADMINISTRATOR_REMOVED,
                organisation=organisation,
                target=user,
            )


def set_enabled(organisation: Organisation, *, is_enabled: bool) -> None:
    """Enable or disable an organisation: its instances, their keys, and its login rules.

    While disabled, its identities do not match access rules of other organisations either.
    """
    action = audit.Action
    with transaction.atomic():
        organisation.is_enabled = is_enabled
        organisation.save(update_fields=["is_enabled"])
        if not is_enabled:
            reevaluate_organisation(organisation)
        audit.record(
            action.ORGANISATION_ENABLED if is_enabled else action.ORGANISATION_DISABLED,
            organisation=organisation,
        )
