"""Accounts, for operators."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.activation import switch_off, switch_on
from accounts.erasure import StillResponsible, erase_person, require_successors
from accounts.models import IdentityProvider, LoginRule, MetadataFeed, User
from accounts.saml.sessions import end_sessions

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Accounts; which instances a person belongs to is decided inside each instance."""

    list_display = ["username", "email", "first_name", "last_name", "is_staff", "is_active"]
    list_filter = ["is_staff", "is_active"]
    fieldsets = [
        (None, {"fields": ["username", "password", "must_change_password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email", "language", "theme"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    filter_horizontal = []

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            (switch_on if obj.is_active else switch_off)(obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Show what would be left without anybody to administer it, which forbids the deletion."""
        related, counts, missing_permissions, protected = super().get_deleted_objects(objs, request)
        return related, counts, missing_permissions, [*protected, *_orphaned_by(objs)]

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        erase_person(obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            erase_person(user)


def _orphaned_by(users: Any) -> list[str]:
    """Names of what nobody would administer any more."""
    orphaned = []
    for user in users:
        try:
            require_successors(user)
        except StillResponsible as error:
            orphaned += [str(instance) for instance in error.instances]
            if error.last_operator:
                orphaned.append(str(_("This site: there would be no operator left.")))
    return orphaned


class EndsSessions(admin.ModelAdmin):
    """Switching something off ends the sessions that it had allowed."""

    session_filter = ""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not obj.is_enabled:
            end_sessions(**{self.session_filter: obj})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        end_sessions(**{self.session_filter: obj})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            end_sessions(**{self.session_filter: obj})
        super().delete_queryset(request, queryset)


@admin.register(MetadataFeed)
class MetadataFeedAdmin(EndsSessions):
    """Federations' feeds; they are refreshed every hour."""

    session_filter = "identity_provider__feed"
    list_display = ["name", "url", "is_enabled", "refreshed_at", "valid_until", "error"]
    readonly_fields = ["attempted_at", "refreshed_at", "valid_until", "error"]


@admin.register(IdentityProvider)
class IdentityProviderAdmin(EndsSessions):
    """What feeds brought; only the switch is the operator's."""

    session_filter = "identity_provider"
    list_display = ["__str__", "entity_id", "feed", "is_enabled", "gone_at"]
    list_filter = ["is_enabled", "feed"]
    list_select_related = ["feed"]
    search_fields = ["search_text"]
    fields = ["entity_id", "feed", "names", "scopes", "registration_authority", "is_enabled"]
    readonly_fields = ["entity_id", "feed", "names", "scopes", "registration_authority"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # From metadata only: ./manage saml idp, ./manage saml feed.
        return False


@admin.register(LoginRule)
class LoginRuleAdmin(EndsSessions):
    """Which institutions log in where, and whom of them."""

    session_filter = "rule"
    list_display = ["organisation", "instance", "identity_provider", "feed", "is_enabled"]
    list_filter = ["is_enabled"]
    list_select_related = ["organisation", "instance", "identity_provider", "feed"]
    autocomplete_fields = ["identity_provider"]
