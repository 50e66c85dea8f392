"""Logins, for operators: federations, providers, rules, linked logins and second factors.

allauth's own pages would show secrets; these do not.
"""

from allauth.account import admin as allauth_account
from allauth.account.models import EmailAddress
from allauth.mfa import admin as allauth_mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import admin as allauth_social
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.logins.changes import (
    LoginSource,
    remove_rule,
    remove_source,
    save_rule,
    save_source,
)
from accounts.logins.linking import unlink
from accounts.models import IdentityProvider, LoginRule, MetadataFeed
from accounts.oidc.registration import remove_provider
from accounts.users.second_factor_reset import remove_second_factor
from web.search_words import LimitedSearchAdmin

# Loaded here, so that their registrations can be replaced.
_ALLAUTH = (allauth_account, allauth_mfa, allauth_social)

for model in (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


class LoginSourceAdmin(LimitedSearchAdmin):
    """Writes each change to the audit log; disabling ends the sessions that it had allowed."""

    def save_model(
        self, request: HttpRequest, obj: LoginSource, form: ModelForm, change: bool
    ) -> None:
        save_source(obj, fields=form.changed_data if change else None)

    def delete_model(self, request: HttpRequest, obj: LoginSource) -> None:
        remove_source(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[LoginSource]) -> None:
        for obj in queryset:
            remove_source(obj)


@admin.register(MetadataFeed)
class MetadataFeedAdmin(LoginSourceAdmin):
    """Feeds of federations, refreshed every hour."""

    list_display = ["name", "url", "is_enabled", "refreshed_at", "valid_until", "error"]
    readonly_fields = ["attempted_at", "refreshed_at", "valid_until", "error"]


@admin.register(IdentityProvider)
class IdentityProviderAdmin(LoginSourceAdmin):
    """Identity providers from feeds; operators can only disable and enable them."""

    list_display = ["__str__", "entity_id", "feed", "is_enabled", "gone_at"]
    list_filter = ["is_enabled", "feed"]
    list_select_related = ["feed"]
    search_fields = ["search_text"]
    fields = ["entity_id", "feed", "names", "scopes", "registration_authority", "is_enabled"]
    readonly_fields = ["entity_id", "feed", "names", "scopes", "registration_authority"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # From metadata only: ./manage saml idp, ./manage saml feed.
        return False


@admin.register(SocialApp)
class OidcProviderAdmin(LimitedSearchAdmin):
    """OpenID Connect providers, without their secrets; ``./manage oidc`` adds and checks them."""

    list_display = ["name", "provider_id"]
    search_fields = ["name", "provider_id"]
    fields = ["name", "provider_id", "client_id"]
    readonly_fields = ["provider_id", "client_id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: SocialApp) -> None:
        remove_provider(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SocialApp]) -> None:
        for app in queryset:
            remove_provider(app)


@admin.register(LoginRule)
class LoginRuleAdmin(LimitedSearchAdmin):
    """Login rules. A change ends the sessions of the rule."""

    list_display = [
        *("organisation", "instance", "identity_provider", "feed", "oidc_provider"),
        "is_enabled",
    ]
    list_filter = ["is_enabled"]
    list_select_related = [
        *("organisation", "instance", "identity_provider", "feed", "oidc_provider")
    ]
    autocomplete_fields = ["organisation", "instance", "identity_provider", "oidc_provider"]

    def save_model(
        self, request: HttpRequest, obj: LoginRule, form: ModelForm, change: bool
    ) -> None:
        save_rule(obj)

    def delete_model(self, request: HttpRequest, obj: LoginRule) -> None:
        remove_rule(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[LoginRule]) -> None:
        for rule in queryset:
            remove_rule(rule)


class ReadOnlyAdmin(LimitedSearchAdmin):
    """Rows that can be viewed and deleted, but not changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        for obj in queryset:
            self.delete_model(request, obj)


@admin.register(SocialAccount)
class LoginAdmin(ReadOnlyAdmin):
    """Logins of people at institutions and providers."""

    list_display = ["user", "provider", "uid", "last_login"]
    list_filter = ["provider"]
    list_select_related = ["user"]
    search_fields = ["uid", "user__username"]
    fields = ["user", "provider", "uid", "extra_data", "last_login", "date_joined"]

    def delete_model(self, request: HttpRequest, obj: SocialAccount) -> None:
        unlink(obj, last_too=True)


@admin.register(Authenticator)
class SecondFactorAdmin(ReadOnlyAdmin):
    """Second factors of people, without secrets; deleted for people who have lost theirs."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
    fields = ["user", "type", "created_at", "last_used_at"]

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        remove_second_factor(obj)
