"""The pages of the service provider, mounted under ``/saml/``."""

from django.urls import URLPattern, path

from accounts.saml import logout, views, views_discovery

# What allauth would mount under /accounts/, where it looks for a provider's pages: nothing.
urlpatterns: list[URLPattern] = []

pages = (
    [
        path("", views_discovery.discovery, name="discovery"),
        path("institutions/", views_discovery.institutions, name="institutions"),
        path("login/<int:provider_id>/", views.login, name="login"),
        path("acs/", views.acs, name="acs"),
        path("finish/", views.finish, name="finish"),
        path("slo/", logout.slo, name="slo"),
        path("logout/", logout.logout, name="logout"),
        path("metadata", views.metadata, name="metadata"),
    ],
    "saml",
)
