"""What operators see of tenants in /admin/: that they exist, so that a login rule can name them.

They are managed in the site itself (``views_operator``), where each act is in the audit log and
what is lost is spelt out.
"""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from instances.models import Instance, Organisation
from web.search_words import LimitedSearchAdmin


class NamesOnlyAdmin(LimitedSearchAdmin):
    """Found by name, and not written."""

    search_fields = ["name", "slug"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Organisation)
class OrganisationAdmin(NamesOnlyAdmin):
    """Organisations."""

    list_display = ["name", "slug", "is_enabled", "created_at"]
    fields = ["name", "slug", "is_enabled", "created_at"]


@admin.register(Instance)
class InstanceAdmin(NamesOnlyAdmin):
    """Instances."""

    list_display = ["name", "slug", "organisation", "status", "created_at"]
    list_select_related = ["organisation"]
    fields = ["name", "slug", "organisation", "status", "created_at"]
