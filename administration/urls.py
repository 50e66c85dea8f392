"""URLs of the home page, of requests, and of the settings of an instance."""

from django.urls import URLPattern, include, path

from administration.urls_consoles import level_urls, operator_urls, organisation_urls
from administration.views import (
    access,
    api_keys,
    charter_acceptance,
    deletion_proof,
    first_steps,
    home,
    instance_requests,
    invitations,
    lifecycle,
    member_import,
    members,
    search_index,
    settings,
)
from administration.views.usage import dashboards, exports

app_name = "administration"

settings_urls: list[URLPattern] = [
    path("", settings.index, name="settings"),
    path("first-steps/", first_steps.page, name="first_steps"),
    path("general/", settings.general, name="general"),
    path("members/", members.index, name="members"),
    path("members/add/", members.add, name="member_add"),
    path("members/create/", members.create, name="member_create"),
    path("members/<int:member_id>/role/", members.change_role, name="member_role"),
    path("members/<int:member_id>/remove/", members.remove, name="member_remove"),
    path("members/import/", member_import.import_list, name="member_import"),
    path("members/<int:member_id>/end/", members.change_end, name="member_end"),
    path("members/invitations/", invitations.index, name="invitations"),
    path("members/invitations/create/", invitations.create, name="invitation_create"),
    path(
        "members/invitations/<int:invitation_id>/revoke/",
        invitations.revoke,
        name="invitation_revoke",
    ),
    path("access/", access.index, name="access"),
    path("access/rules/add/", access.add, name="rule_add"),
    path("access/rules/<int:rule_id>/", access.edit, name="rule_edit"),
    path("access/rules/<int:rule_id>/switch/", access.switch, name="rule_switch"),
    path("access/rules/<int:rule_id>/remove/", access.remove, name="rule_remove"),
    path("access/second-factor/", access.second_factor, name="access_second_factor"),
    path("answers/", settings.answers, name="answers"),
    path("search-index/", search_index.page, name="search_index"),
    path("search-index/estimate/", search_index.estimate, name="search_index_estimate"),
    path("search-index/start/", search_index.start, name="search_index_start"),
    path("search-index/cancel/", search_index.cancel, name="search_index_cancel"),
    path("search-index/use/", search_index.use, name="search_index_use"),
    path("search-index/back/", search_index.go_back, name="search_index_back"),
    path("search-index/progress/", search_index.progress, name="search_index_progress"),
    path("keys/", api_keys.index, name="keys"),
    path("keys/create/", api_keys.create, name="key_create"),
    path("keys/<int:key_id>/confirm/", api_keys.confirm, name="key_confirm"),
    path("keys/<int:key_id>/revoke/", api_keys.revoke, name="key_revoke"),
    path("lifecycle/", lifecycle.page, name="lifecycle"),
    path("lifecycle/transfer/", lifecycle.transfer, name="transfer"),
    path("lifecycle/archive/", lifecycle.archive, name="archive"),
    path("lifecycle/reactivate/", lifecycle.reactivate, name="reactivate"),
    path("lifecycle/delete/", lifecycle.delete, name="delete"),
    path("lifecycle/cancel/", lifecycle.cancel, name="cancel_deletion"),
    *level_urls("instance"),
]

usage_urls = [
    path("", dashboards.index, name="instance_usage"),
    path("export.<slug:kind>", exports.instance, name="instance_usage_export"),
    path("own/", dashboards.own, name="own_usage"),
    path("own/export.<slug:kind>", exports.own, name="own_usage_export"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("usage/", dashboards.person, name="person_usage"),
    path("usage/export.<slug:kind>", exports.person, name="person_usage_export"),
    path("organisations/", include(operator_urls)),
    path("o/<slug:organisation>/", include(organisation_urls)),
    path("instances/new/", instance_requests.new_instance, name="new_instance"),
    path("instances/personal/", instance_requests.new_personal, name="new_personal"),
    path(
        "requests/<int:request_id>/withdraw/", instance_requests.withdraw, name="request_withdraw"
    ),
    path("deletions/<int:deletion_id>/", deletion_proof.deletion, name="deletion"),
    path("i/<slug:slug>/charter/", charter_acceptance.charter, name="charter"),
    path("i/<slug:slug>/settings/", include(settings_urls)),
    path("i/<slug:slug>/usage/", include(usage_urls)),
]
