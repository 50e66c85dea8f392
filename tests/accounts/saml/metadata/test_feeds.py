"""Feeds are saved completely or not at all, from a real HTTP server with failures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.logins.linking import source_of
from accounts.models import IdentityProvider, MetadataFeed
from accounts.saml.errors import MetadataRefused, SamlError
from accounts.saml.metadata import feeds
from accounts.saml.metadata.feeds import add_single_idp, refresh_feed
from accounts.tasks import refresh_one_feed
from instances.audit import Action
from instances.models import AuditEntry
from instances.rules.identities import record_identity
from instances.tenancy import overseeing
from tests.accounts.saml.idps.aggregates import aggregate, signed_aggregate
from tests.factories import OrganisationFactory, UserFactory


@pytest.fixture
def many(idp_a):
    return [replace(idp_a, entity_id=f"https://idp{n}.example/") for n in range(10)]


def person_of(entity_id):
    """Somebody who logged in by an IdP."""
    person = UserFactory()
    account = SocialAccount.objects.create(
        user=person, provider="saml", uid=entity_id, extra_data={"issuer": entity_id}
    )
    record_identity(user=person, source=source_of(account), organisation_ids=[])
    return person


def usable():
    return set(IdentityProvider.objects.usable().values_list("entity_id", flat=True))


def test_refresh_saves_new_and_changed_idps(feed, publish, idp_a, idp_b):
    publish([idp_a, idp_b])
    assert refresh_feed(feed).changed == 2
    assert usable() == {idp_a.entity_id, idp_b.entity_id}
    row = IdentityProvider.objects.get(entity_id=idp_a.entity_id)
    assert (row.scopes, row.name_in("fr")) == (["univ-a.example"], "Université A")
    assert "universite a" in row.search_text
    assert feed.error == ""


def test_unchanged_idp_is_not_written(feed, publish, idp_a, idp_b):
    publish([idp_a, idp_b])
    refresh_feed(feed)
    publish([idp_a, replace(idp_b, name="Autre nom")], valid_for=timedelta(days=8))
    assert refresh_feed(feed).changed == 1


def test_removed_idp_is_blocked_until_it_returns(feed, publish, many):
    publish(many)
    refresh_feed(feed)
    publish(many[1:], valid_for=timedelta(days=8))
    left_by, stayed = (person_of(idp.entity_id) for idp in many[:2])
    assert refresh_feed(feed).gone == 1
    assert many[0].entity_id not in usable()
    # What it said of people counts no longer, as when an operator switches it off.
    assert not left_by.identities.exists()
    assert stayed.identities.exists()
    publish(many, valid_for=timedelta(days=9))
    refresh_feed(feed)
    assert many[0].entity_id in usable()


@pytest.mark.parametrize("left", [5, 7])
def test_feed_with_far_fewer_idps_is_refused(feed, publish, many, left):
    publish(many)
    refresh_feed(feed)
    publish(many[:left], valid_for=timedelta(days=8))
    with pytest.raises(MetadataRefused, match="where there were 10"):
        refresh_feed(feed)
    assert len(usable()) == 10


def test_older_feed_is_refused(feed, publish, idp_a, idp_b):
    publish([idp_a, idp_b])
    refresh_feed(feed)
    publish([idp_a, replace(idp_b, keys=idp_a.keys)], valid_for=timedelta(days=6))
    with pytest.raises(MetadataRefused, match="older"):
        refresh_feed(feed)
    assert idp_b.keys[0].base64 in IdentityProvider.objects.get(entity_id=idp_b.entity_id).xml


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b""), (500, b"oops"), (200, b""), (302, b""), (200, b"<html></html>"), (299, b"cut")],
    ids=["404", "500", "empty", "redirect", "page", "cut"],
)
def test_server_error_keeps_former_feed(feed, publish, server, idp_a, status, body):
    publish([idp_a])
    refresh_feed(feed)
    server.status, server.body = status, body
    refresh_one_feed(feed.pk)
    feed.refresh_from_db()
    assert feed.error
    assert usable() == {idp_a.entity_id}


def test_slow_server_is_given_up(feed, publish, idp_a, monkeypatch):
    publish([idp_a])
    monkeypatch.setattr(feeds, "_FETCH_SECONDS", -1)
    with pytest.raises(MetadataRefused, match="too slow"):
        refresh_feed(feed)


def test_unreachable_server_keeps_former_feed(feed, server, monkeypatch):
    server.server.shutdown()
    server.server.server_close()
    monkeypatch.setattr(feeds, "_TIMEOUT", httpx.Timeout(1.0))
    with pytest.raises(MetadataRefused, match="cannot be fetched"):
        refresh_feed(feed)


def test_unsigned_or_re_signed_feed_is_refused(feed, server, idp_a, all_keys):
    for body in (aggregate([idp_a]), signed_aggregate([idp_a], all_keys["attacker"])):
        server.body = body
        with pytest.raises(MetadataRefused):
            refresh_feed(feed)
    assert usable() == set()


def test_expired_feed_blocks_its_idps(feed, publish, idp_a):
    publish([idp_a])
    refresh_feed(feed)
    MetadataFeed.objects.update(valid_until=datetime.now(UTC) - timedelta(seconds=1))
    assert usable() == set()


def test_feed_of_lower_precedence_does_not_replace_entity(feed, publish, idp_a, all_keys, server):
    publish([idp_a])
    refresh_feed(feed)
    other = MetadataFeed.objects.create(
        name="Lesser", url=f"{server.url}?2", certificates=all_keys["attacker"].pem, priority=20
    )
    forged = replace(idp_a, keys=(all_keys["attacker"],))
    server.body = signed_aggregate([forged], all_keys["attacker"])
    refresh_feed(other)
    row = IdentityProvider.objects.get(entity_id=idp_a.entity_id)
    assert row.feed == feed
    assert all_keys["attacker"].base64 not in row.xml


def test_feed_does_not_replace_idp_added_by_operator(feed, publish, idp_a, all_keys):
    add_single_idp(idp_a.metadata().encode())
    publish([replace(idp_a, keys=(all_keys["attacker"],))])
    refresh_feed(feed)
    assert IdentityProvider.objects.get(entity_id=idp_a.entity_id).feed is None


@pytest.mark.parametrize(
    "xml", [b"<a/>", b"", b"<!DOCTYPE x><a/>"], ids=["not metadata", "empty", "doctype"]
)
def test_invalid_single_metadata_is_refused(db, xml):
    with pytest.raises(SamlError):
        add_single_idp(xml)
    assert usable() == set()


# --- The operator's command -----------------------------------------------------------------------


@pytest.fixture
def saml(db, settings, tmp_path):
    settings.SAML_KEYS_DIR = tmp_path / "saml"

    def call(*arguments):
        output = StringIO()
        call_command("saml", *arguments, stdout=output)
        return output.getvalue()

    return call


def test_keys_are_generated_and_rolled_over(saml, settings):
    folder = settings.SAML_KEYS_DIR
    saml("keys")
    first = (folder / "current.key").read_bytes()
    assert (folder / "current.key").stat().st_mode & 0o777 == 0o600
    saml("keys")
    second = (folder / "next.key").read_bytes()
    saml("keys", "--promote")
    assert (folder / "current.key").read_bytes() == second
    assert (folder / "previous.key").read_bytes() == first
    with pytest.raises(CommandError):
        saml("keys", "--promote")


def test_check_lists_missing_set_up(saml, settings, idp_a, tmp_path):
    with pytest.raises(CommandError, match="to do"):
        saml("check")
    saml("keys")
    file = tmp_path / "idp.xml"
    file.write_text(idp_a.metadata())
    saml("idp", str(file))
    OrganisationFactory().login_rules.create(identity_provider=IdentityProvider.objects.get())
    settings.SITE_URL, settings.HTTPS = "https://rag.example", True
    settings.ALLOWED_HOSTS = ["rag.example"]
    for name in ("TECHNICAL_CONTACT", "SECURITY_CONTACT", "PRIVACY_URL", "LOGO_URL"):
        setattr(settings, f"SAML_{name}", "https://x.example")
    settings.SUPPORT_CONTACT = "help@rag.example"
    assert saml("check").startswith("Ready")


def test_unreachable_idp_metadata_is_an_error(saml):
    with pytest.raises(CommandError, match="cannot be fetched"):
        saml("idp", "https://127.0.0.1:9/idp.xml")


def test_command_adds_feed(saml, publish, server, idp_a, all_keys):
    publish([idp_a])
    saml("feed", "Test", server.url, str(all_keys["federation"].certificate))
    assert usable() == {idp_a.entity_id}
    assert MetadataFeed.objects.get().refreshed_at <= timezone.now()
    with overseeing():
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.target) == (Action.LOGIN_SOURCE_CHANGED, "Test")
