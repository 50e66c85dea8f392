"""URLs of logins (allauth, SAML), logout and the user's profile."""

from allauth.mfa.totp.views import activate_totp
from allauth.mfa.webauthn.views import add_webauthn
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.logins.confirmation import confirmed
from accounts.saml.urls import pages
from accounts.views import logins, logout, profile

# Mounted under /saml/.
saml_pages = ([*pages, path("logout/", logout.logout, name="logout")], "saml")

urlpatterns = [
    path("profile/", profile.profile, name="profile"),
    path("preferences/", profile.preferences, name="preferences"),
    # allauth's page would accept any address without verification.
    path("email/", RedirectView.as_view(pattern_name="profile"), name="account_email"),
    path("logins/", logins.logins, name="logins"),
    path("logins/add/", logins.add, name="login_add"),
    path("logins/<int:account_id>/remove/", logins.remove, name="login_remove"),
    path("second-factor/", logins.second_factor, name="second_factor"),
    path(
        "3rdparty/", RedirectView.as_view(pattern_name="logins"), name="socialaccount_connections"
    ),
    # A password would remain valid after the person's account at the institution ends.
    path(
        "password/set/", RedirectView.as_view(pattern_name="profile"), name="account_set_password"
    ),
    path("2fa/totp/activate/", confirmed(activate_totp), name="mfa_activate_totp"),
    path("2fa/webauthn/add/", confirmed(add_webauthn), name="mfa_add_webauthn"),
    path("", include("allauth.urls")),
]
