"""A web process prepares for the first login in the background, where there will be one."""

import threading

from accounts.saml import service_provider as clients
from accounts.saml.keys import service_provider
from accounts.saml.start import start_warm_up

NAME = "saml-warm-up"


def warming() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def test_with_keys_the_first_login_finds_all_loaded():
    clients._client.cache_clear()
    start_warm_up()
    for thread in warming():
        thread.join(60)
    before = clients._client.cache_info().misses
    clients.client_for(service_provider(), clients.IdpMetadata("x", "<x/>"))
    assert clients._client.cache_info().misses == before == 1


def test_without_keys_nothing_is_loaded(settings, tmp_path):
    settings.SAML_KEYS_DIR = tmp_path / "none"
    start_warm_up()
    assert warming() == []
