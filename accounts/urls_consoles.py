"""URLs of the consoles about logins and accounts: for operators, and for organisations.

They are not under ``/accounts/``, whose pages are open before an operator's second factor.
"""

from django.urls import URLPattern, include, path

from accounts.views.consoles import (
    feeds,
    identity_providers,
    login_rules,
    oidc_providers,
    service_provider,
    user_accounts,
)

app_name = "operation"

login_rule_urls: list[URLPattern] = [
    path("", login_rules.index, name="login_rules"),
    path("add/", login_rules.add, name="login_rule_add"),
    path("<int:login_rule_id>/", login_rules.change, name="login_rule"),
    path("<int:login_rule_id>/switch/", login_rules.switch, name="login_rule_switch"),
    path("<int:login_rule_id>/remove/", login_rules.remove, name="login_rule_remove"),
]

identity_provider_urls: list[URLPattern] = [
    path("", identity_providers.index, name="identity_providers"),
    path("add/", identity_providers.add, name="identity_provider_add"),
    path("<int:identity_provider_id>/", identity_providers.page, name="identity_provider"),
    path(
        "<int:identity_provider_id>/switch/",
        identity_providers.switch,
        name="identity_provider_switch",
    ),
    path(
        "<int:identity_provider_id>/remove/",
        identity_providers.remove,
        name="identity_provider_remove",
    ),
]

oidc_provider_urls: list[URLPattern] = [
    path("", oidc_providers.index, name="oidc_providers"),
    path("add/", oidc_providers.add, name="oidc_provider_add"),
    path("<int:oidc_provider_id>/", oidc_providers.page, name="oidc_provider"),
    path("<int:oidc_provider_id>/change/", oidc_providers.change, name="oidc_provider_change"),
    path("<int:oidc_provider_id>/check/", oidc_providers.check, name="oidc_provider_check"),
    path("<int:oidc_provider_id>/remove/", oidc_providers.remove, name="oidc_provider_remove"),
]

feed_urls: list[URLPattern] = [
    path("", feeds.index, name="feeds"),
    path("add/", feeds.add, name="feed_add"),
    path("<int:feed_id>/", feeds.page, name="feed"),
    path("<int:feed_id>/change/", feeds.change, name="feed_change"),
    path("<int:feed_id>/refresh/", feeds.refresh, name="feed_refresh"),
    path("<int:feed_id>/switch/", feeds.switch, name="feed_switch"),
    path("<int:feed_id>/remove/", feeds.remove, name="feed_remove"),
]

user_account_urls: list[URLPattern] = [
    path("", user_accounts.index, name="user_accounts"),
    path("add/", user_accounts.add, name="user_account_add"),
    path("<int:person_id>/", user_accounts.page, name="user_account"),
    path("<int:person_id>/change/", user_accounts.change, name="user_account_change"),
    path("<int:person_id>/switch/", user_accounts.switch, name="user_account_switch"),
    path("<int:person_id>/password/", user_accounts.password, name="user_account_password"),
    path("<int:person_id>/reset-link/", user_accounts.reset_link, name="user_account_reset_link"),
    path(
        "<int:person_id>/second-factors/",
        user_accounts.second_factors,
        name="user_account_second_factors",
    ),
    path("<int:person_id>/confirm/", user_accounts.confirm, name="user_account_confirm"),
    path("<int:person_id>/erase/", user_accounts.erase, name="user_account_erase"),
]

urlpatterns = [
    path("operation/login-rules/", include(login_rule_urls)),
    path("operation/identity-providers/", include(identity_provider_urls)),
    path("operation/openid-connect/", include(oidc_provider_urls)),
    path("operation/feeds/", include(feed_urls)),
    path("operation/service-provider/", service_provider.page, name="service_provider"),
    path("operation/accounts/", include(user_account_urls)),
    path(
        "o/<slug:organisation>/login-rules/",
        login_rules.of_organisation,
        name="organisation_login_rules",
    ),
]
