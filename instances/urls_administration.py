"""The operators' pages, an organisation's console, and the pages that every level has."""

from django.urls import URLPattern, URLResolver, include, path

from instances import (
    views_audit,
    views_charters,
    views_operator,
    views_organisation,
    views_organisation_instance,
)


def level_urls(level: str) -> list[URLPattern]:
    """The audit log and the usage charter at ``site``, ``organisation`` or ``instance``."""
    pages = [
        ("audit/", views_audit.index, "audit"),
        ("audit/export.<slug:kind>", views_audit.export, "audit_export"),
        ("charter/", views_charters.index, "charter"),
        ("charter/publish/", views_charters.publish, "charter_publish"),
        ("charter/withdraw/", views_charters.withdraw, "charter_withdraw"),
        ("charter/<int:number>/", views_charters.version, "charter_version"),
        ("charter/<int:number>/acceptances.csv", views_charters.acceptances, "charter_acceptances"),
    ]
    return [
        path(route, getattr(views, level), name=f"{level}_{name}") for route, views, name in pages
    ]


_instance = views_organisation_instance
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
    path("", views_organisation.overview, name="organisation"),
    path("instances/<slug:instance>/", include(managed_instance_urls)),
    path("requests/", views_organisation.requests_page, name="organisation_requests"),
    path("requests/<int:request_id>/approve/", views_organisation.approve, name="request_approve"),
    path("requests/<int:request_id>/refuse/", views_organisation.refuse, name="request_refuse"),
    path("people/", views_organisation.people, name="organisation_people"),
    path("administrators/", views_organisation.administrators, name="organisation_administrators"),
    path(
        "administrators/<int:administrator_id>/remove/",
        views_organisation.remove_administrator,
        name="administrator_remove",
    ),
    path("settings/", views_organisation.settings, name="organisation_settings"),
    path("deletions/", views_organisation.deletions, name="organisation_deletions"),
    *level_urls("organisation"),
]

operator_urls = [
    path("", views_operator.organisations, name="organisations"),
    path("operators/", views_operator.operators_page, name="operators"),
    path("operators/<int:user_id>/remove/", views_operator.remove_operator, name="operator_remove"),
    *level_urls("site"),
]
