"""Accounts: passwords, rate limits, second factors, mail; the SAML service provider."""

from pathlib import Path

from ragapp.settings.environment import DATA_DIR, env
from ragapp.settings.site import SITE_NAME, SITE_URL

# --- Accounts -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "accounts.backends.PasswordBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
# ``people.usernames``: one spelling, in which allauth looks as well.
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.passwords.LoginForm",
    "change_password": "accounts.forms.passwords.ChangePasswordForm",
    "reauthenticate": "accounts.forms.passwords.ReauthenticateForm",
    "reset_password": "accounts.forms.passwords.ResetPasswordForm",
}
ACCOUNT_SESSION_REMEMBER = False
# Counted in the cache that all processes share. A whole university may be behind one address.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    # accounts.logins.attempts: of a name from one address, from everywhere, from a known browser.
    "login_failed": "30/m/ip,5/5m/key",
    "login_failed_name": "50/h/key",
    "login_failed_known": "5/5m/key",
    "reset_password": "20/m/ip,5/m/key,10/h/key",
    "federated_login": "600/m/ip",
    "federated_login_start": "300/m/ip",
    "discovery": "1200/m/ip",
    "invitation": "60/m/ip",
    # Whoever adds people learns which names and addresses have an account.
    "person_search": "20/m/user,200/d/user",
    "member_import": "6/m/user,40/d/user",
}
MFA_ADAPTER = "accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "activate_totp": "accounts.forms.second_factors.ActivateAppForm",
    "add_webauthn": "accounts.forms.second_factors.AddKeyForm",
    "authenticate": "accounts.forms.second_factors.CodeForm",
    "authenticate_webauthn": "accounts.forms.second_factors.KeyForm",
    "login_webauthn": "accounts.forms.second_factors.PasskeyLoginForm",
    "reauthenticate": "accounts.forms.second_factors.ConfirmCodeForm",
    "reauthenticate_webauthn": "accounts.forms.second_factors.ConfirmKeyForm",
}
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
# Operators see the whole deployment; in production a password alone should not be enough for that.
REQUIRE_OPERATOR_MFA: bool = env.bool("REQUIRE_OPERATOR_MFA", False)
ACCOUNT_LOGOUT_ON_GET = False
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
# An e-mail address from elsewhere proves nothing: accounts are never joined by it.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
# Of a request to an OpenID Connect provider, while somebody waits.
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "ragapp@localhost")
# Without a mail server nothing is sent, and pages say whom to ask instead.
EMAIL_HOST: str = env.str("EMAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
EMAIL_PORT: int = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER: str = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD: str = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS: bool = env.bool("EMAIL_USE_TLS", False)

# --- SAML -----------------------------------------------------------------------------------------
# `./manage saml check` says what is missing (docs/sso.md).
SAML_KEYS_DIR: Path = env.path("SAML_KEYS_DIR", DATA_DIR / "saml")
# "" is the address of our metadata, SITE_URL/saml/metadata.
SAML_ENTITY_ID: str = env.str("SAML_ENTITY_ID", "")
SAML_ORGANISATION_NAME: str = env.str("SAML_ORGANISATION_NAME", SITE_NAME)
SAML_ORGANISATION_URL: str = env.str("SAML_ORGANISATION_URL", SITE_URL)
SAML_TECHNICAL_CONTACT: str = env.str("SAML_TECHNICAL_CONTACT", "")
SAML_SECURITY_CONTACT: str = env.str("SAML_SECURITY_CONTACT", "")
SAML_PRIVACY_URL: str = env.str("SAML_PRIVACY_URL", "")
SAML_LOGO_URL: str = env.str("SAML_LOGO_URL", "")
