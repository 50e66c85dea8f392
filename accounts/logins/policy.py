"""Login policy: which rule applies to a login, and whether a person meets it."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from allauth.socialaccount.models import SocialApp
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.logins.errors import (
    AffiliationRefused,
    IdentityProviderBlocked,
    LoginError,
    RequirementRefused,
)
from accounts.logins.models.identity_providers import IdentityProvider
from accounts.logins.models.login_rules import LoginRule

# Requests a second factor, and asserts one: an AuthnContextClassRef, or an ``acr``.
REFEDS_MFA: Final = "https://refeds.org/profile/mfa"
_IN_INSTANCE = re.compile(r"/i/([-\w]+)/")


class Subject(Protocol):
    """The verified claims about a person that rules are evaluated on, for any protocol."""

    @property
    def affiliations(self) -> frozenset[str]: ...

    @property
    def attributes(self) -> Mapping[str, tuple[str, ...]]: ...


def rules_of(organisation: str = "", instance: str = "") -> QuerySet[LoginRule]:
    """Return the enabled rules of an organisation or an instance (slugs); without either, all.

    The rules of an instance are its own and those of its organisation. A disabled organisation has
    none.
    """
    rules = LoginRule.objects.filter(is_enabled=True, organisation__is_enabled=True)
    if instance:
        own = Q(instance__slug=instance)
        inherited = Q(instance=None, organisation__instances__slug=instance)
        return rules.filter(own | inherited).distinct()
    if organisation:
        return rules.filter(organisation__slug=organisation, instance=None)
    return rules.filter(instance=None)


def rules_towards(path: str) -> QuerySet[LoginRule]:
    """Return the enabled rules for a login that leads to a page of this site.

    These are the rules of all organisations, as access rules may admit their people there, and
    those of the instance to which the page belongs.
    """
    leads = _IN_INSTANCE.match(path)
    rules = LoginRule.objects.filter(is_enabled=True, organisation__is_enabled=True)
    return rules.filter(Q(instance=None) | Q(instance__slug=leads[1] if leads else ""))


def providers_of(rules: QuerySet[LoginRule]) -> QuerySet[IdentityProvider]:
    """Return the usable SAML identity providers of ``rules``."""
    by_name = rules.filter(identity_provider=OuterRef("pk"))
    by_feed = rules.filter(feed=OuterRef("feed"))
    return IdentityProvider.objects.usable().filter(Exists(by_name) | Exists(by_feed))


def rule_for(provider: IdentityProvider, rules: QuerySet[LoginRule]) -> LoginRule:
    """Return the rule for logins through an IdP: the most specific one.

    Raises IdentityProviderBlocked if there is none, or the IdP is not usable.
    """
    if not IdentityProvider.objects.usable().filter(pk=provider.pk).exists():
        raise IdentityProviderBlocked(provider.entity_id)
    by_it = Q(identity_provider=provider) | Q(feed__isnull=False, feed=provider.feed_id)
    return _most_specific(rules.filter(by_it), provider.entity_id)


def rule_for_oidc(app: SocialApp, rules: QuerySet[LoginRule]) -> LoginRule:
    """Return the rule for logins through an OpenID Connect provider: an instance's own first.

    Raises IdentityProviderBlocked if there is none.
    """
    return _most_specific(rules.filter(oidc_provider=app), app.provider_id)


def scopes_bound_to(app: SocialApp) -> frozenset[str]:
    """Return the scopes that operators bound to an OpenID Connect provider, in its enabled rules.

    A provider has no verified metadata that would declare its scopes.
    """
    named = LoginRule.objects.filter(oidc_provider=app, is_enabled=True)
    lists = named.values_list("allowed_scopes", flat=True)
    return frozenset(scope.lower() for scopes in lists for scope in scopes)


def check_rule(rule: LoginRule, subject: Subject) -> None:
    """Check that a person meets a rule. Raises AffiliationRefused or RequirementRefused."""
    if not rule.is_enabled or not rule.organisation.is_enabled:
        raise IdentityProviderBlocked("the rule or its organisation was switched off")
    if rule.affiliations and not subject.affiliations & set(rule.affiliations):
        raise AffiliationRefused(", ".join(sorted(subject.affiliations)) or "none")
    for name, values in rule.required.items():
        if not set(subject.attributes.get(name, ())) & set(values):
            raise RequirementRefused(name)


def organisations_of(
    rules: Iterable[LoginRule], subject_under: Callable[[LoginRule], Subject]
) -> list[int]:
    """Return the organisations to which a person belongs: those whose own rule is met.

    ``subject_under(rule)`` returns the claims that count under the rule, and raises LoginError as
    ``check_rule`` does. Rules for a whole feed do not assign people to an organisation.
    """
    found = set()
    for rule in rules:
        try:
            check_rule(rule, subject_under(rule))
        except LoginError:
            continue
        found.add(rule.organisation_id)
    return sorted(found)


def _most_specific(rules: QuerySet[LoginRule], name: str) -> LoginRule:
    rule = rules.order_by(
        F("instance_id").asc(nulls_last=True), F("identity_provider_id").asc(nulls_last=True), "pk"
    ).first()
    if rule is None:
        raise IdentityProviderBlocked(f"no rule for {name}")
    return rule
