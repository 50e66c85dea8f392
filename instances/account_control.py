"""Which people could log in to another person's account, and may therefore not grant it rights.

A person controls an account after creating it, creating the invitation that it was created with,
setting its password or changing its e-mail address. People who manage an organisation or the site
may not grant rights to accounts that they control: a second person must (docs/decisions/012).
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from instances import audit
from instances.errors import ControlledAccount, OwnRights
from instances.models import AccountControl
from people.models import User

# How long the home page shows that another person has set the password or address.
NOTICE_STAYS = timedelta(days=30)
_NOTICED = (AccountControl.Reason.PASSWORD, AccountControl.Reason.ADDRESS)


def record_control(
    *, account: User, controller: User | None, reason: str, notice_address: str = ""
) -> AccountControl:
    """Record that ``controller`` (None: a command) could log in to ``account`` from now on.

    The people who control the controller's own account are recorded too. Returns the record of
    ``controller``.
    """
    name = f"{controller.display_name} ({controller.username})" if controller else ""
    defaults = {
        "controller_name": name[:300],
        "notice_address": notice_address,
        "at": timezone.now(),
        "ended_at": None,
    }
    behind = people_behind(controller) - {controller.pk} if controller else frozenset()
    with transaction.atomic():
        control: AccountControl
        control, _created = AccountControl.objects.update_or_create(
            account=account, controller=controller, reason=reason, defaults=defaults
        )
        for person_id in behind - {account.pk}:
            AccountControl.objects.update_or_create(
                account=account,
                controller_id=person_id,
                reason=AccountControl.Reason.INDIRECT,
                defaults={"at": timezone.now(), "ended_at": None},
            )
    return control


def people_behind(user: User) -> frozenset[int]:
    """The primary keys of all people who could use the account: its person and its controllers."""
    controls = AccountControl.objects.filter(account=user, ended_at=None)
    controllers = controls.exclude(controller=None).values_list("controller_id", flat=True)
    return frozenset({user.pk, *controllers})


def require_independent(*, actor: User, person: User) -> None:
    """Check that ``actor`` and ``person`` are accounts of different people.

    Raises OwnRights for the same account, and ControlledAccount when one person could use both.
    """
    if actor.pk == person.pk:
        raise OwnRights(person.username)
    if people_behind(actor) & people_behind(person):
        raise ControlledAccount(person.username)


def confirm_independence(account: User, *, by: User | None) -> None:
    """End every control over the account: only its person can log in to it.

    ``by`` confirms that (None: a command). Raises OwnRights or ControlledAccount when ``by`` could
    use the account.
    """
    if by is not None:
        require_independent(actor=by, person=account)
    with transaction.atomic():
        controls = AccountControl.objects.filter(account=account, ended_at=None)
        if controls.update(ended_at=timezone.now()):
            audit.record(audit.Action.ACCOUNT_CONFIRMED, target=account)


def notices_for(user: User) -> QuerySet[AccountControl]:
    """Recent changes by others to the person's account, for the home page."""
    recent = timezone.now() - NOTICE_STAYS
    return AccountControl.objects.filter(account=user, reason__in=_NOTICED, at__gte=recent)
