"""End access when a login rule, a provider, a feed or an organisation is changed or disabled.

Sessions end at once, and the claims of logins through it are deleted; a task then re-evaluates the
memberships that access rules granted for them. People who meet another rule get their access back
at the next login.
"""

from itertools import islice

from allauth.socialaccount.models import SocialAccount, SocialApp
from django.db import transaction
from django.db.models import BigIntegerField, F, Func, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Concat

from accounts.logins.models.identity_providers import (
    SAML_PROVIDER_ID,
    IdentityProvider,
    MetadataFeed,
)
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.models.sessions import OidcSession, SamlSession
from accounts.logins.sessions import end_sessions, end_sessions_of
from instances import audit
from instances.models import Identity, Organisation
from instances.organisations.administrators import set_enabled
from web.enqueueing import enqueue_on_commit

_PEOPLE_A_TASK = 500


def record_rule_change(rule: LoginRule, *, removed: bool = False) -> None:
    """End the sessions of a rule that was added, changed or removed, and record it."""
    with transaction.atomic():
        withdraw_rule(rule)
        audit.record(
            audit.Action.LOGIN_RULE_CHANGED,
            organisation=rule.organisation,
            target=rule,
            enabled=rule.is_enabled,
            removed=removed,
        )


def withdraw_rule(rule: LoginRule) -> None:
    """End the sessions of a rule, and remove its organisation from the identities of its logins."""
    with transaction.atomic():
        end_sessions_of(rule=rule)
        accounts = _accounts_of_rule(rule)
        mine = _identities_of(accounts).filter(organisation_ids__contains=[rule.organisation_id])
        number = Value(rule.organisation_id, output_field=BigIntegerField())
        mine.update(organisation_ids=Func(F("organisation_ids"), number, function="array_remove"))
        _reevaluate_memberships(accounts)


def withdraw_saml(which: IdentityProvider | MetadataFeed) -> None:
    """End the sessions through an IdP, or all IdPs of a feed, and delete their claims."""
    providers = (
        IdentityProvider.objects.filter(feed=which)
        if isinstance(which, MetadataFeed)
        else IdentityProvider.objects.filter(pk=which.pk)
    )
    issuers = providers.values("entity_id")
    with transaction.atomic():
        end_sessions(SamlSession.objects.filter(identity_provider__in=providers))
        accounts = SocialAccount.objects.filter(provider=SAML_PROVIDER_ID)
        # As text: a JSON value cannot be compared with a text column.
        _forget(accounts.alias(issuer=KT("extra_data__issuer")).filter(issuer__in=issuers))


def delete_logins_of(app: SocialApp) -> None:
    """End the sessions through a provider, and delete its logins and their claims."""
    accounts = SocialAccount.objects.filter(provider=app.provider_id)
    with transaction.atomic():
        end_sessions(OidcSession.objects.filter(rule__oidc_provider=app))
        _forget(accounts)
        accounts.delete()


def disable_organisation(organisation: Organisation) -> int:
    """Disable an organisation; return the number of sessions ended.

    Its instances, their keys and its login rules check ``is_enabled`` at each request.
    """
    with transaction.atomic():
        set_enabled(organisation, is_enabled=False)
        return end_sessions_of(rule__organisation=organisation)


def enable_organisation(organisation: Organisation) -> None:
    """Enable an organisation; ended sessions are not restored."""
    set_enabled(organisation, is_enabled=True)


def _forget(accounts: QuerySet[SocialAccount]) -> None:
    _identities_of(accounts).delete()
    _reevaluate_memberships(accounts)


def _accounts_of_rule(rule: LoginRule) -> QuerySet[SocialAccount]:
    """Return the logins whose people belong to the rule's organisation by this rule."""
    logins: QuerySet[SocialAccount] = SocialAccount.objects.all()
    if rule.instance_id is None and rule.oidc_provider is not None:
        return logins.filter(provider=rule.oidc_provider.provider_id)
    if rule.instance_id is None and rule.identity_provider is not None:
        issuer = rule.identity_provider.entity_id
        return logins.filter(provider=SAML_PROVIDER_ID, extra_data__issuer=issuer)
    return logins.none()


def _identities_of(accounts: QuerySet[SocialAccount]) -> QuerySet[Identity]:
    """Return the identities of these logins, found by ``accounts.logins.linking.source_of``."""
    sources = accounts.annotate(source=Concat(F("provider"), Value(":"), F("uid")))
    return Identity.objects.filter(source__in=sources.values("source"))


def _reevaluate_memberships(accounts: QuerySet[SocialAccount]) -> None:
    people = iter(list(accounts.values_list("user_id", flat=True)))
    while batch := list(islice(people, _PEOPLE_A_TASK)):
        enqueue_on_commit("accounts.tasks.reevaluate_memberships", batch)
