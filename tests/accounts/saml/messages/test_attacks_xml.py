"""XML made to be parsed ambiguously, or to use too many resources."""

import base64
import zlib

import pytest
from lxml import etree

from tests.accounts.saml.idps import forger


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE Response [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;">]>',
        "<!DOCTYPE Response>",
        "<!doctype Response SYSTEM 'http://127.0.0.1:9/x.dtd'>",
    ],
    ids=["xxe", "laughs", "empty", "external"],
)
def test_doctype_is_refused(answer, refused, prologue):
    xml = prologue.encode() + etree.tostring(forger.signed_assertion(answer))
    refused(forger.post(xml), match="DOCTYPE")


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-7", "ISO-8859-1"])
def test_encoding_that_hides_doctype_is_refused(answer, refused, encoding):
    text = etree.tostring(forger.signed_assertion(answer), encoding="unicode")
    declared = f'<?xml version="1.0" encoding="{encoding}"?><!-- -->{text}'
    refused(forger.post(declared.encode(encoding if encoding == "UTF-16" else "ascii")))


@pytest.mark.parametrize("content", ["<!--x-->", "<?php x?>"], ids=["comment", "instruction"])
def test_nodes_beside_the_root_are_refused(answer, refused, content):
    refused(forger.post(content + etree.tostring(forger.signed_assertion(answer)).decode()))


def test_oversized_message_is_refused(refused):
    refused(base64.b64encode(b"<a>" + b"x" * (512 << 10) + b"</a>").decode(), match="too large")


def test_deflate_bomb_is_refused(refused):
    """POST is never inflated, whatever it holds."""
    bomb = zlib.compress(b"<a>" + b"x" * (64 << 20) + b"</a>")[2:-4]
    refused(base64.b64encode(bomb).decode())


@pytest.mark.parametrize("encoded", ["", "%%%", "AAAA", "é" * 10], ids=["empty", "not", "0", "e"])
def test_invalid_message_is_refused(refused, encoded):
    refused(encoded)


def test_deep_nesting_is_refused(refused):
    refused(forger.post("<a>" * 5000 + "</a>" * 5000))
