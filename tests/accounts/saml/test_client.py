"""The client is loaded in the background, before the first login."""

import threading

from accounts.saml import client
from accounts.saml.client import start_warm_up
from accounts.saml.service_provider import service_provider

NAME = "saml-warm-up"


def warming() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def test_client_is_loaded_before_the_first_login():
    client._client.cache_clear()
    start_warm_up()
    for thread in warming():
        thread.join(60)
    before = client._client.cache_info().misses
    client.client_for(service_provider(), client.IdpMetadata("x", "<x/>"))
    assert client._client.cache_info().misses == before == 1


def test_client_is_not_loaded_without_keys(settings, tmp_path):
    settings.SAML_KEYS_DIR = tmp_path / "none"
    start_warm_up()
    assert warming() == []
