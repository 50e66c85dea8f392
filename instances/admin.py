"""What operators see of tenants in /admin/: that they exist, and whose they are."""

from django.contrib import admin

from instances.models import Instance, Organisation


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    """Organisations."""

    list_display = ["name", "slug", "created_at"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Instance)
class InstanceAdmin(admin.ModelAdmin):
    """Instances: made and deleted in the site itself, where what is lost is spelt out."""

    list_display = ["name", "slug", "organisation", "created_at"]
    list_filter = ["organisation"]
    list_select_related = ["organisation"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug", "organisation", "description", "language"]

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: Instance | None = None) -> bool:
        return False
