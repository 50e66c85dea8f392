"""The operators' pages, an organisation's console, and the pages that every level has."""

from django.urls import URLPattern, URLResolver, include, path

from administration.views import audit, charters, operators, organisation, organisation_instance


def level_urls(level: str) -> list[URLPattern]:
    """The audit log and the usage charter at ``site``, ``organisation`` or ``instance``."""
    pages = [
        ("audit/", audit.index, "audit"),
        ("audit/export.<slug:kind>", audit.export, "audit_export"),
        ("charter/", charters.index, "charter"),
        ("charter/publish/", charters.publish, "charter_publish"),
        ("charter/withdraw/", charters.withdraw, "charter_withdraw"),
        ("charter/<int:number>/", charters.version, "charter_version"),
        ("charter/<int:number>/acceptances.csv", charters.acceptances, "charter_acceptances"),
    ]
    return [
        path(route, getattr(views, level), name=f"{level}_{name}") for route, views, name in pages
    ]


_instance = organisation_instance
managed_instance_urls = [
    path("", _instance.page, name="managed_instance"),
    path("members/add/", _instance.add_member, name="managed_member_add"),
    path("members/<int:member_id>/role/", _instance.change_role, name="managed_member_role"),
    path("members/<int:member_id>/remove/", _instance.remove_member, name="managed_member_remove"),
    path("quotas/", _instance.change_quotas, name="managed_quotas"),
    path("suspend/", _instance.suspend, name="managed_suspend"),
    path("archive/", _instance.archive, name="managed_archive"),
    path("reactivate/", _instance.reactivate, name="managed_reactivate"),
    path("transfer/", _instance.transfer, name="managed_transfer"),
    path("delete/", _instance.delete, name="managed_delete"),
    path("cancel/", _instance.cancel_deletion, name="managed_cancel_deletion"),
]

organisation_urls: list[URLPattern | URLResolver] = [
    path("", organisation.overview, name="organisation"),
    path("instances/<slug:instance>/", include(managed_instance_urls)),
    path("requests/", organisation.requests_page, name="organisation_requests"),
    path("requests/<int:request_id>/approve/", organisation.approve, name="request_approve"),
    path("requests/<int:request_id>/refuse/", organisation.refuse, name="request_refuse"),
    path("people/", organisation.people, name="organisation_people"),
    path("administrators/", organisation.administrators, name="organisation_administrators"),
    path(
        "administrators/<int:administrator_id>/remove/",
        organisation.remove_administrator,
        name="administrator_remove",
    ),
    path("settings/", organisation.settings, name="organisation_settings"),
    path("deletions/", organisation.deletions, name="organisation_deletions"),
    *level_urls("organisation"),
]

operator_urls = [
    path("", operators.organisations, name="organisations"),
    path("operators/", operators.operators_page, name="operators"),
    path("operators/<int:user_id>/remove/", operators.remove_operator, name="operator_remove"),
    *level_urls("site"),
]
