"""URLs of the service provider, which ``accounts.urls`` mounts under ``/saml/``."""

from django.urls import URLPattern, path

from accounts.saml.views import discovery, login, logout

# allauth mounts ``urlpatterns`` of this module under /accounts/; there are none.
urlpatterns: list[URLPattern] = []

pages = [
    path("", discovery.discovery, name="discovery"),
    path("institutions/", discovery.institutions, name="institutions"),
    path("login/<int:provider_id>/", login.login, name="login"),
    path("acs/", login.acs, name="acs"),
    path("finish/", login.finish, name="finish"),
    path("slo/", logout.slo, name="slo"),
    path("metadata", login.metadata, name="metadata"),
]
