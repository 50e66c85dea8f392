"""What ends when a rule, a provider or a whole feed no longer lets people in.

Their sessions, at once; what logins by it proved of them; and then, person by person in a task,
the memberships that access rules gave them for it. Who still fits another rule gets everything
back at the next login.
"""

from itertools import islice

from allauth.socialaccount.models import SocialAccount, SocialApp
from django.db import transaction
from django.db.models import BigIntegerField, F, Func, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Concat

from accounts.logins.models import LoginRule
from accounts.logins.sessions import end_sessions, end_sessions_under
from accounts.oidc.models import OidcSession
from accounts.saml.models import IdentityProvider, MetadataFeed, SamlSession
from accounts.saml.provider import SamlProvider
from instances import audit
from instances.models import Identity
from web.enqueueing import enqueue_on_commit

_PEOPLE_A_TASK = 500


def rule_changed(rule: LoginRule, *, removed: bool = False) -> None:
    """Log out the people of a rule that was added, changed or removed, and tell of it."""
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
    """End what a rule lets people do: their sessions, and belonging to its organisation."""
    with transaction.atomic():
        end_sessions_under(rule=rule)
        accounts = _accounts_of_rule(rule)
        mine = _identities_of(accounts).filter(organisation_ids__contains=[rule.organisation_id])
        number = Value(rule.organisation_id, output_field=BigIntegerField())
        mine.update(organisation_ids=Func(F("organisation_ids"), number, function="array_remove"))
        _judge_again(accounts)


def saml_switched_off(which: IdentityProvider | MetadataFeed) -> None:
    """End what one IdP, or every IdP of a feed, lets people do."""
    providers = (
        IdentityProvider.objects.filter(feed=which)
        if isinstance(which, MetadataFeed)
        else IdentityProvider.objects.filter(pk=which.pk)
    )
    issuers = providers.values("entity_id")
    with transaction.atomic():
        end_sessions(SamlSession.objects.filter(identity_provider__in=providers))
        accounts = SocialAccount.objects.filter(provider=SamlProvider.id)
        # As text: JSON is not compared with a column of another table.
        _forget(accounts.alias(issuer=KT("extra_data__issuer")).filter(issuer__in=issuers))


def forget_logins_of(app: SocialApp) -> None:
    """End what an OpenID Connect provider lets people do, and forget their logins by it."""
    accounts = SocialAccount.objects.filter(provider=app.provider_id)
    with transaction.atomic():
        end_sessions(OidcSession.objects.filter(rule__oidc_provider=app))
        _forget(accounts)
        accounts.delete()


def _forget(accounts: QuerySet[SocialAccount]) -> None:
    _identities_of(accounts).delete()
    _judge_again(accounts)


def _accounts_of_rule(rule: LoginRule) -> QuerySet[SocialAccount]:
    """The logins that make people ones of the rule's organisation."""
    logins: QuerySet[SocialAccount] = SocialAccount.objects.all()
    if rule.instance_id is None and rule.oidc_provider is not None:
        return logins.filter(provider=rule.oidc_provider.provider_id)
    if rule.instance_id is None and rule.identity_provider is not None:
        issuer = rule.identity_provider.entity_id
        return logins.filter(provider=SamlProvider.id, extra_data__issuer=issuer)
    return logins.none()


def _identities_of(accounts: QuerySet[SocialAccount]) -> QuerySet[Identity]:
    """What these logins proved; ``accounts.logins.linking.source_of`` names them so."""
    sources = accounts.annotate(source=Concat(F("provider"), Value(":"), F("uid")))
    return Identity.objects.filter(source__in=sources.values("source"))


def _judge_again(accounts: QuerySet[SocialAccount]) -> None:
    people = iter(list(accounts.values_list("user_id", flat=True)))
    while batch := list(islice(people, _PEOPLE_A_TASK)):
        enqueue_on_commit("accounts.tasks.judge_again", batch)
