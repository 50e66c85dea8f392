"""Home, what operators create, and the settings of an instance."""

from django.urls import URLPattern, include, path

from instances import (
    views,
    views_access,
    views_charter,
    views_deletions,
    views_invitations,
    views_keys,
    views_lifecycle,
    views_member_import,
    views_members,
    views_requests,
    views_settings,
)
from instances.urls_administration import level_urls, operator_urls, organisation_urls

app_name = "instances"

settings_urls: list[URLPattern] = [
    path("", views_settings.index, name="settings"),
    path("general/", views_settings.general, name="general"),
    path("members/", views_members.index, name="members"),
    path("members/add/", views_members.add, name="member_add"),
    path("members/create/", views_members.create, name="member_create"),
    path("members/<int:member_id>/role/", views_members.change_role, name="member_role"),
    path("members/<int:member_id>/remove/", views_members.remove, name="member_remove"),
    path("members/import/", views_member_import.import_list, name="member_import"),
    path("members/<int:member_id>/end/", views_members.change_end, name="member_end"),
    path("members/invitations/", views_invitations.index, name="invitations"),
    path("members/invitations/create/", views_invitations.create, name="invitation_create"),
    path(
        "members/invitations/<int:invitation_id>/revoke/",
        views_invitations.revoke_invitation,
        name="invitation_revoke",
    ),
    path("access/", views_access.index, name="access"),
    path("access/rules/add/", views_access.add, name="rule_add"),
    path("access/rules/<int:rule_id>/", views_access.edit, name="rule_edit"),
    path("access/rules/<int:rule_id>/switch/", views_access.switch, name="rule_switch"),
    path("access/rules/<int:rule_id>/remove/", views_access.remove, name="rule_remove"),
    path("access/second-factor/", views_access.second_factor, name="access_second_factor"),
    path("answers/", views_settings.answers, name="answers"),
    path("keys/", views_keys.index, name="keys"),
    path("keys/create/", views_keys.create, name="key_create"),
    path("keys/<int:key_id>/confirm/", views_keys.confirm_key, name="key_confirm"),
    path("keys/<int:key_id>/revoke/", views_keys.revoke_key, name="key_revoke"),
    path("lifecycle/", views_lifecycle.page, name="lifecycle"),
    path("lifecycle/transfer/", views_lifecycle.transfer, name="transfer"),
    path("lifecycle/archive/", views_lifecycle.archive, name="archive"),
    path("lifecycle/reactivate/", views_lifecycle.reactivate, name="reactivate"),
    path("lifecycle/delete/", views_lifecycle.delete, name="delete"),
    path("lifecycle/cancel/", views_lifecycle.cancel, name="cancel_deletion"),
    *level_urls("instance"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("organisations/new/", views.new_organisation, name="new_organisation"),
    path("organisations/", include(operator_urls)),
    path("o/<slug:organisation>/", include(organisation_urls)),
    path("instances/new/", views_requests.new_instance, name="new_instance"),
    path("instances/personal/", views_requests.new_personal, name="new_personal"),
    path("requests/<int:request_id>/withdraw/", views_requests.withdraw, name="request_withdraw"),
    path("deletions/<int:deletion_id>/", views_deletions.deletion, name="deletion"),
    path("i/<slug:slug>/charter/", views_charter.charter, name="charter"),
    path("i/<slug:slug>/settings/", include(settings_urls)),
]
