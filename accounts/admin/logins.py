"""Linked logins and second factors, for operators.

allauth's own pages would show secrets; these do not. Login rules, providers and feeds have pages of
the site: ``accounts.views.consoles``.
"""

from allauth.account import admin as allauth_account
from allauth.account.models import EmailAddress
from allauth.mfa import admin as allauth_mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import admin as allauth_social
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.logins.linking import unlink
from accounts.users.second_factor_reset import remove_second_factor
from web.search_words import LimitedSearchAdmin

# Loaded here, so that their registrations can be replaced.
_ALLAUTH = (allauth_account, allauth_mfa, allauth_social)

for model in (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


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
