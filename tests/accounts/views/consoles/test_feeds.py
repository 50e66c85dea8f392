"""Operators add, refresh, disable and remove the feeds of federations."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from accounts.models import MetadataFeed
from accounts.saml.certificates import read_pem
from accounts.tasks import refresh_one_feed
from tests.accounts.saml.conftest import *  # noqa: F403 (forged IdPs and their feed)
from tests.accounts.saml.idps.forger import make_keys
from tests.accounts.views.consoles.conftest import actions, url


@pytest.fixture(autouse=True)
def fetched_at_once(monkeypatch):
    """The task that a page enqueues runs at once."""
    monkeypatch.setattr(
        "accounts.saml.metadata.feeds.enqueue_on_commit",
        lambda _task, feed_id: refresh_one_feed(feed_id),
    )


def test_operator_follows_feed_from_addition_to_removal(
    console, publish, server, idp_a, idp_b, all_keys
):
    assert "No feed yet" in console.get(url("feeds")).text
    publish([idp_a, idp_b])
    pem = all_keys["federation"].pem
    form = {"name": "Renater", "url": server.url, "certificates": pem, "priority": 10}
    feed_url = console.post(url("feed_add"), form).url
    feed = MetadataFeed.objects.get()
    page = console.get(feed_url).text
    assert "Up to date" in page
    assert read_pem(pem)[0].sha256 in page
    assert console.get(url("feeds")).context["feeds"][0].n_providers == 2

    # A refused refresh keeps the stored copy, and its reason is shown.
    server.status = 500
    console.post(url("feed_refresh", feed.pk))
    page = console.get(feed_url).text
    assert "Last refresh refused" in page
    assert "the server answered 500" in page
    assert "remains in use" in page

    console.post(url("feed_switch", feed.pk), {"is_enabled": "no"})
    assert "Disabled" in console.get(feed_url).text
    institutions = console.get(url("identity_providers"), {"kind": "unusable"})
    assert [one.state for one in institutions.context["page"]] == ["blocked", "blocked"]
    assert console.post(url("feed_refresh", feed.pk)).status_code == 404
    server.status = 200
    console.post(url("feed_switch", feed.pk), {"is_enabled": "yes"})
    feed.refresh_from_db()
    assert (feed.state, feed.error) == ("current", "")

    # Another certificate: the next refresh is refused, and the copy stays.
    change = {"name": "Renater", "certificates": all_keys["attacker"].pem, "priority": 5}
    console.post(url("feed_change", feed.pk), change)
    feed.refresh_from_db()
    assert (feed.priority, feed.state, feed.url) == (5, "refused", server.url)

    console.post(url("feed_remove", feed.pk))
    assert not MetadataFeed.objects.exists()
    assert actions() == ["login_source.changed"] * 5


@pytest.mark.parametrize("certificate", ["nonsense", "unreadable", "weak"])
def test_feed_without_usable_certificate_is_not_added(console, tmp_path, certificate):
    text = {
        "nonsense": "no certificate",
        "unreadable": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "weak": make_keys(tmp_path, "weak", rsa.generate_private_key(65537, 1024)).pem,  # noqa: S505 (weak on purpose)
    }[certificate]
    form = {"name": "Renater", "url": "https://feed.example/", "priority": 10}
    answer = console.post(url("feed_add"), form | {"certificates": text})
    assert answer.context["form"].errors.keys() == {"certificates"}
    assert not MetadataFeed.objects.exists()


def test_unreadable_certificate_is_reported(console, all_keys):
    """Stored before it was checked, or refused by a newer version of the library."""
    pem = all_keys["federation"].pem
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    feed = MetadataFeed.objects.create(
        name="Renater", url="https://federation.example/feed", certificates=pem + broken
    )
    page = console.get(url("feed", feed.pk))
    assert page.status_code == 200
    assert read_pem(pem)[0].sha256 in page.text
    assert "A certificate cannot be read" in page.text
