"""What operators see of one account."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from accounts.users.second_factor_reset import second_factors_of
from instances.models import AccountControl, Identity, Organisation
from people.models import User


@dataclass(frozen=True)
class AccountFacts:
    """An account's organisations, logins, second factors and controllers.

    ``controls``: who else could log in to it (``instances.account_control``).
    """

    organisations: list[Organisation]
    administered: list[Organisation]
    logins: list[SocialAccount]
    second_factors: list[Authenticator]
    controls: list[AccountControl]


def describe_account(user: User) -> AccountFacts:
    """Describe the account, in a fixed number of queries."""
    organisation_ids = {
        pk for identity in Identity.objects.filter(user=user) for pk in identity.organisation_ids
    }
    return AccountFacts(
        organisations=list(Organisation.objects.filter(pk__in=organisation_ids)),
        administered=list(Organisation.objects.filter(administrators__user=user)),
        logins=list(SocialAccount.objects.filter(user=user).order_by("pk")),
        second_factors=list(second_factors_of(user)),
        controls=list(
            AccountControl.objects.filter(account=user, ended_at=None).select_related("controller")
        ),
    )
