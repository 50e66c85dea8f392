"""Home, what operators create, and the settings of an instance."""

from django.urls import include, path

from instances import views, views_charter, views_keys, views_members, views_settings

app_name = "instances"

settings_urls = [
    path("", views_settings.index, name="settings"),
    path("general/", views_settings.general, name="general"),
    path("members/", views_members.index, name="members"),
    path("members/add/", views_members.add, name="member_add"),
    path("members/create/", views_members.create, name="member_create"),
    path("members/<int:member_id>/role/", views_members.change_role, name="member_role"),
    path("members/<int:member_id>/remove/", views_members.remove, name="member_remove"),
    path("answers/", views_settings.answers, name="answers"),
    path("keys/", views_keys.index, name="keys"),
    path("keys/create/", views_keys.create, name="key_create"),
    path("keys/<int:key_id>/revoke/", views_keys.revoke_key, name="key_revoke"),
    path("danger/", views_settings.danger, name="danger"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("organisations/new/", views.new_organisation, name="new_organisation"),
    path("instances/new/", views.new_instance, name="new_instance"),
    path("i/<slug:slug>/charter/", views_charter.charter, name="charter"),
    path("i/<slug:slug>/settings/", include(settings_urls)),
]
