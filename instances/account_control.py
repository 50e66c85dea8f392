"""Who could act through which account, and the acts that need somebody who could not.

Whoever created an account, made the invitation with which it was created, set its password or
changed its e-mail address could log in to it. Nobody who manages an organisation or the site may
give rights to such an account of theirs: a second person must (docs/decisions/012).
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from instances import audit
from instances.errors import ControlledAccount, OwnRights
from instances.models import AccountControl

# How long a person reads on their home page that somebody set their password or address.
NOTICE_STAYS = timedelta(days=30)
_NOTICED = (AccountControl.Reason.PASSWORD, AccountControl.Reason.ADDRESS)


def record_control(
    *, account: Any, controller: Any | None, reason: str, notice_address: str = ""
) -> AccountControl:
    """Record that ``controller`` (None: a command) could log in to ``account`` from now on.

    Whoever controls the controller's own account now could as well, and is recorded too. The
    record of ``controller`` is returned.
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


def people_behind(user: Any) -> frozenset[int]:
    """Everybody who could be acting when this account acts: the person and its controllers."""
    controls = AccountControl.objects.filter(account=user, ended_at=None)
    controllers = controls.exclude(controller=None).values_list("controller_id", flat=True)
    return frozenset({user.pk, *controllers})


def require_independent(*, actor: Any, person: Any) -> None:
    """Refuse that one human being gives rights to themselves, under whatever account.

    Raises OwnRights for one's own account, and ControlledAccount when the same person could be
    acting through both accounts.
    """
    if actor.pk == person.pk:
        raise OwnRights(person.username)
    if people_behind(actor) & people_behind(person):
        raise ControlledAccount(person.username)


def confirm_independence(account: Any, *, by: Any | None) -> None:
    """End every control over the account: its person alone can log in to it.

    ``by`` vouches for that (None: whoever may run a command on the machine). Raises OwnRights or
    ControlledAccount when ``by`` could be acting through the account.
    """
    if by is not None:
        require_independent(actor=by, person=account)
    with transaction.atomic():
        controls = AccountControl.objects.filter(account=account, ended_at=None)
        if controls.update(ended_at=timezone.now()):
            audit.record(audit.Action.ACCOUNT_CONFIRMED, target=account)


def notices_for(user: Any) -> QuerySet[AccountControl]:
    """What others lately did to the person's account, for their home page."""
    recent = timezone.now() - NOTICE_STAYS
    return AccountControl.objects.filter(account=user, reason__in=_NOTICED, at__gte=recent)
