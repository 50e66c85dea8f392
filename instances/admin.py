"""Organisations and instances in /admin/, read-only, so that login rules can refer to them.

They are changed in the consoles (``administration``), where each action is written to the audit log
and a deletion shows what will be lost.
"""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from instances.models import Instance, Organisation
from web.search_words import LimitedSearchAdmin


class ReadOnlyAdmin(LimitedSearchAdmin):
    """Read-only pages with a search by name."""

    search_fields = ["name", "slug"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    """Organisations."""

    list_display = ["name", "slug", "is_enabled", "created_at"]
    fields = ["name", "slug", "is_enabled", "created_at"]


@admin.register(Instance)
class InstanceAdmin(ReadOnlyAdmin):
    """Instances."""

    list_display = ["name", "slug", "organisation", "status", "created_at"]
    list_select_related = ["organisation"]
    fields = ["name", "slug", "organisation", "status", "created_at"]
