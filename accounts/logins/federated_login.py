"""Complete a login at another service: verified claims, login rule, session.

A local second factor may be required between the provider's answer and the session, so the verified
claims are stored in allauth's state, as JSON.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.forms import EmailField
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.logins.errors import AffiliationRefused, RequirementRefused
from accounts.logins.linking import LinkingNotBegun, link, source_of
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.policy import Subject, check_rule
from accounts.logins.sessions import end_sessions_of, limit_session, record_session
from instances.access.second_factor import SESSION_KEY
from instances.rules.identities import record_identity
from instances.rules.matching import reevaluate_person
from people.models import User

_STATE = "verified_claims"


@dataclass(frozen=True)
class VerifiedClaims:
    """The verified claims of a login, and the session that it begins.

    ``session`` is for a later logout: ``{"saml": …}`` or ``{"oidc": …}``
    (accounts.logins.sessions); ``session_ends`` is ISO 8601, "" for our own limit.
    """

    rule_id: int
    organisation_ids: list[int]
    session: dict[str, Any]
    federation: str = ""
    scopes: list[str] = field(default_factory=list)
    affiliations: list[str] = field(default_factory=list)
    attributes: Mapping[str, list[str]] = field(default_factory=dict)
    second_factor: bool = False
    session_ends: str = ""


def require_rule(
    rule: LoginRule, subject: Subject, login: SocialLogin, claims: VerifiedClaims
) -> None:
    """Check that a person meets the rule of their login; raises as ``check_rule`` does.

    A person with an account who no longer meets the rule immediately loses what earlier logins
    granted: the rule's sessions, and the memberships and keys granted for the former claims.
    """
    try:
        check_rule(rule, subject)
    except (AffiliationRefused, RequirementRefused):
        named = {"provider": login.account.provider, "uid": login.account.uid}
        known = SocialAccount.objects.filter(**named).select_related("user").first()
        if known is not None:
            with transaction.atomic():
                end_sessions_of(user=known.user, rule=rule)
                _record(known.user, login, claims)
        raise


def log_in(
    request: HttpRequest, login: SocialLogin, claims: VerifiedClaims, *, next_url: str
) -> HttpResponseBase:
    """Log the person in, creating an account the first time; ``record_claims`` follows."""
    login.state = {"process": "login", "next": next_url, _STATE: asdict(claims)}
    with transaction.atomic():
        _one_at_a_time(login)
        response: HttpResponseBase = complete_social_login(request, login)
    return response


def link_to(
    request: HttpRequest, login: SocialLogin, claims: VerifiedClaims, *, user_id: int
) -> HttpResponseBase:
    """Link the login to the account of the person who began to add it.

    Raises LinkedElsewhere, or LinkingNotBegun if another person is logged in by now.
    """
    user = request.user
    if not user.is_authenticated or user.pk != user_id:
        raise LinkingNotBegun(str(user_id))
    with transaction.atomic():
        _one_at_a_time(login)
        link(user=user, account=login.account)
        _record(user, login, claims)
    messages.success(request, _("This login method was added."))
    return redirect("logins")


def record_claims(request: HttpRequest, user: User, login: SocialLogin) -> None:
    """Record the claims of the login, after its session has begun."""
    kept = login.state.get(_STATE)
    if kept is None:
        return
    claims = VerifiedClaims(**kept)
    ends = limit_session(
        request, parse_datetime(claims.session_ends) if claims.session_ends else None
    )
    record_session(request, user, rule_id=claims.rule_id, ends=ends, **claims.session)
    if claims.second_factor:
        request.session[SESSION_KEY] = source_of(login.account)
    _keep_address(user, login.account)
    _record(user, login, claims)


def _keep_address(user: User, account: SocialAccount) -> None:
    """Store the institution's mail address, to which notices are sent, if it is valid."""
    address = account.extra_data.get("mail", "")
    if address == user.institution_email:
        return
    try:
        user.institution_email = EmailField().clean(address)
    except ValidationError:
        return
    user.save(update_fields=["institution_email"])


def _record(user: User, login: SocialLogin, claims: VerifiedClaims) -> None:
    record_identity(
        user=user,
        source=source_of(login.account),
        organisation_ids=claims.organisation_ids,
        federation=claims.federation,
        scopes=claims.scopes,
        affiliations=claims.affiliations,
        attributes=claims.attributes,
    )
    reevaluate_person(user)


def _one_at_a_time(login: SocialLogin) -> None:
    """Serialise first logins: one account per person, distinct user names."""
    account = login.account
    _lock(source_of(account))
    known = SocialAccount.objects.filter(provider=account.provider, uid=account.uid)
    if not known.exists():
        # allauth checks whether a user name is free before it inserts the row.
        _lock("first logins")


def _lock(name: str) -> None:
    """Take the lock ``name`` until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
