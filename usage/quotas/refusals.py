"""The refusal of a request over a quota, and whom to ask for more."""

import math

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from instances.notifications import administrators_of, approvers_of
from people.models import User
from usage.admission import RequestRefused, Reset
from usage.quotas.sentences import reached, shown_time
from usage.quotas.standings import Standing
from usage.quotas.subjects import QuotaHolder

_NAMED = 3


class QuotaReached(RequestRefused):
    """A quota is used up: which one (``standing``), until when, and whom to ask."""

    def __init__(self, standing: Standing, holder: QuotaHolder) -> None:
        ends_at = standing.window.ends_at
        super().__init__(
            code="quota_reached",
            message=reached(standing, contact=contact_for(standing, holder)),
            retry_after_s=max(1, math.ceil((ends_at - timezone.now()).total_seconds())),
            reset=Reset(ends_at, shown_time(ends_at)),
        )
        self.standing = standing


def contact_for(standing: Standing, holder: QuotaHolder) -> str:
    """Return whom to ask for more: of the instance, the organisation or the site."""
    quota, organisation = standing.quota, holder.instance.organisation
    contact = ""
    if quota.instance_id is not None:
        contact = _names(administrators_of(holder.instance))
    elif quota.organisation_id is not None:
        contact = organisation.support_contact or _names(approvers_of(organisation))
    return contact or settings.SUPPORT_CONTACT or _("the operators of this site")


def _names(people: QuerySet[User]) -> str:
    return ", ".join(person.display_name for person in people[:_NAMED])
