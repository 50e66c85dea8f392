"""Save and remove login rules, feeds and identity providers, for operators.

Each change ends the access that the former state gave (``accounts.logins.withdrawal``), and is
written to the audit log.
"""

from collections.abc import Collection

from django.db import transaction

from accounts.logins import withdrawal
from accounts.logins.models.identity_providers import IdentityProvider, MetadataFeed
from accounts.logins.models.login_rules import LoginRule
from instances import audit

LoginSource = IdentityProvider | MetadataFeed


def save_rule(rule: LoginRule) -> None:
    """Save a new or changed rule; the sessions of a changed one end, with its former provider."""
    with transaction.atomic():
        if rule.pk is not None:
            withdrawal.withdraw_rule(LoginRule.objects.get(pk=rule.pk))
        rule.save()
        withdrawal.record_rule_change(rule)


def remove_rule(rule: LoginRule) -> None:
    """Remove a rule; its sessions end."""
    with transaction.atomic():
        withdrawal.record_rule_change(rule, removed=True)
        rule.delete()


def save_source(source: LoginSource, *, fields: Collection[str]) -> None:
    """Save a changed feed or IdP; if it is disabled, the sessions that it had allowed end.

    ``fields`` are the changed ones: a refresh may write the others at the same time.
    """
    with transaction.atomic():
        source.save(update_fields=fields)
        if not source.is_enabled:
            withdrawal.withdraw_saml(source)
        audit.record(
            audit.Action.LOGIN_SOURCE_CHANGED,
            target=source,
            enabled=source.is_enabled,
            fields=sorted(fields),
        )


def remove_source(source: LoginSource) -> None:
    """Remove a feed with its IdPs, or an IdP, with their login rules and sessions."""
    with transaction.atomic():
        withdrawal.withdraw_saml(source)
        audit.record(audit.Action.LOGIN_SOURCE_CHANGED, target=source, removed=True)
        source.delete()
