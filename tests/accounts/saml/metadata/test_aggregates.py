"""Aggregates: the data read from a valid one, and the reasons to refuse others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from accounts.saml.errors import MetadataRefused
from accounts.saml.metadata.aggregates import read_idps, verify_aggregate
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.aggregates import aggregate, signed_aggregate


@pytest.fixture
def certificates(all_keys):
    """What is pinned: a list, the old and the new one of a federation."""
    return [all_keys["idp-b"].pem, all_keys["federation"].pem]


def read_all(path, certificates):
    canonical = path.with_suffix(".canonical")
    verify_aggregate(path, canonical, certificates)
    return list(read_idps(canonical))


@pytest.fixture
def refused(tmp_path, certificates):
    """``refused(xml, match)``: the file is refused, for that reason."""

    def check(xml, match, certificates=certificates):
        path = tmp_path / "feed.xml"
        path.write_bytes(xml)
        with pytest.raises(MetadataRefused, match=match):
            read_all(path, certificates)

    return check


def test_valid_aggregate_is_accepted(tmp_path, idp_a, idp_b, all_keys, certificates):
    path = tmp_path / "feed.xml"
    path.write_bytes(signed_aggregate([idp_a, idp_b], all_keys["federation"]))
    canonical = tmp_path / "canonical.xml"
    assert verify_aggregate(path, canonical, certificates) > datetime.now(UTC)
    first, second = read_idps(canonical)
    assert (first.entity_id, first.names) == (idp_a.entity_id, {"fr": "Université A"})
    assert (first.scopes, first.sso_url) == (("univ-a.example",), "https://idp.example/sso")
    assert second.entity_id == idp_b.entity_id
    assert all(pair.base64 in first.xml for pair in idp_a.keys)


def test_single_entity_is_accepted(tmp_path, idp_a, all_keys, certificates):
    valid = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    entity = etree.fromstring(idp_a.metadata())
    entity.set("validUntil", valid)
    entity.set("ID", "_one")
    path = tmp_path / "one.xml"
    path.write_bytes(etree.tostring(forger.sign(entity, entity, all_keys["federation"])))
    assert [record.entity_id for record in read_all(path, certificates)] == [idp_a.entity_id]


def test_only_idp_roles_are_kept(tmp_path, idp_a, all_keys):
    service = replace(
        idp_a, entity_id="https://sp.example", role="SPSSODescriptor", keys=(all_keys["attacker"],)
    )
    path = tmp_path / "feed.xml"
    path.write_bytes(aggregate([service, idp_a]))
    assert [record.entity_id for record in read_idps(path)] == [idp_a.entity_id]


def test_scopes_by_regular_expression_are_ignored(tmp_path, idp_a):
    xml = aggregate([idp_a]).replace(b"<shibmd:Scope>", b'<shibmd:Scope regexp="true">')
    path = tmp_path / "feed.xml"
    path.write_bytes(xml)
    (record,) = read_idps(path)
    assert record.scopes == ()


def test_unsigned_is_refused(refused, idp_a):
    refused(aggregate([idp_a]), "unsigned")


def test_signed_by_other_key_is_refused(refused, idp_a, all_keys):
    refused(signed_aggregate([idp_a], all_keys["attacker"]), "no pinned certificate")


def test_feed_without_pinned_certificate_is_refused(refused, idp_a, all_keys):
    refused(signed_aggregate([idp_a], all_keys["federation"]), "no certificate", [])


def test_signed_entity_in_unsigned_aggregate_is_refused(refused, idp_a, all_keys):
    entity = etree.fromstring(idp_a.metadata())
    entity.set("ID", "_one")
    signed = forger.sign(entity, entity, all_keys["federation"])
    root = etree.fromstring(aggregate([]))
    root.append(signed)
    refused(etree.tostring(root), "unsigned")


def test_signature_of_a_part_is_refused(refused, idp_a, all_keys):
    """The root carries a good signature, of one of its entities."""
    root = etree.fromstring(aggregate([idp_a]))
    entity = root[0]
    entity.set("ID", "_one")
    root = forger.sign(root, entity, all_keys["federation"])
    signature = root.find(f".//{{{forger.DS}}}Signature")
    root.insert(0, signature)
    refused(etree.tostring(root), "signed in part")


def test_tampered_is_refused(refused, idp_a, all_keys):
    xml = signed_aggregate([idp_a], all_keys["federation"])
    refused(xml.replace(b"univ-a.example", b"univ-x.example"), "not what was signed")


@pytest.mark.parametrize(
    ("valid_for", "match"),
    [(timedelta(days=-1), "expired"), (timedelta(days=15), "fortnight"), (None, "no validUntil")],
    ids=["expired", "too long", "without"],
)
def test_validity_period_is_checked(refused, idp_a, all_keys, valid_for, match):
    refused(signed_aggregate([idp_a], all_keys["federation"], valid_for=valid_for), match)


def test_duplicate_entity_is_refused(refused, idp_a, all_keys):
    refused(signed_aggregate([idp_a, idp_a], all_keys["federation"]), "twice")


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_feed_is_refused(refused, idp_a, idp_b, all_keys, share):
    xml = signed_aggregate([idp_a, idp_b], all_keys["federation"])
    refused(xml[: int(len(xml) * share)], "truncated|unsigned")


def test_doctype_is_refused(refused, idp_a, all_keys):
    xml = signed_aggregate([idp_a], all_keys["federation"])
    refused(b'<!DOCTYPE x [<!ENTITY a "b">]>' + xml, "DOCTYPE")


def test_sha1_is_refused(refused, idp_a, all_keys):
    xml = signed_aggregate([idp_a], all_keys["federation"]).replace(
        b"2001/04/xmldsig-more#rsa-sha256", b"2000/09/xmldsig#rsa-sha1"
    )
    refused(xml, "SignatureMethod")


@pytest.mark.parametrize("xml", [b"", b"<html></html>", b"<html><md/></html>"])
def test_error_page_is_refused(refused, xml):
    refused(xml, "not metadata|truncated")
