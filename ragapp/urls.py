"""Every URL of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from accounts.urls import saml_pages
from accounts.views import contacts, invitations, organisation_status
from inference.slurm.views import slurm_register
from ragapp.api import api
from ragapp.data_export.views import data_export
from ragapp.health import views
from web import error_pages

admin.site.site_header = admin.site.site_title = _("Advanced administration")
# "View site" leads back to the pages of operators.
admin.site.site_url = "/organisations/"
# Django's own login knows neither second factors nor rate limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("administration.urls")),
    path("", include("accounts.urls_consoles")),
    path("i/<slug:slug>/", include("chat.urls")),
    path("i/<slug:slug>/", include("ingestion.urls")),
    path("i/<slug:slug>/evaluation/", include("evaluation.urls")),
    path("i/<slug:slug>/sources/", include("sources.urls")),
    # Not under accounts/, which is open before an operator's second factor.
    path(
        "organisations/<slug:organisation>/switch/",
        organisation_status.switch,
        name="organisation_switch",
    ),
    path("data-export/", data_export, name="data_export"),
    path("contacts/", contacts.contacts, name="contacts"),
    path("accounts/", include("accounts.urls")),
    path("invitations/<str:token>/", invitations.open_invitation, name="invitation"),
    path(
        "invitations/<str:token>/account/",
        invitations.create_account,
        name="invitation_account",
    ),
    path("slurm/register/", slurm_register, name="slurm_register"),
    path("saml/", include(saml_pages)),
    path("", api.urls),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("favicon.ico", views.favicon),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
]

handler400 = error_pages.bad_request
handler403 = error_pages.forbidden
handler404 = error_pages.not_found
handler429 = error_pages.too_many_requests
handler500 = error_pages.server_error
