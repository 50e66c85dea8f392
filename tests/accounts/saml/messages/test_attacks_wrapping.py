"""Valid signatures that cover other elements than those that would be read."""

import pytest
from lxml import etree

from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.changes import EVE, evil_copy, find
from tests.accounts.saml.idps.forger import SAML, SAMLP, assertion_of


def wrap_1(root, good, evil):
    """Before the signed assertion."""
    root.insert(root.index(good), evil)


def wrap_2(root, good, evil):
    """After it."""
    root.append(evil)


def wrap_3(root, good, evil):
    """The evil assertion around the signed one."""
    root.replace(good, evil)
    evil.append(good)


def wrap_4(root, good, evil):
    """The signed one in the signature that moved to the evil one."""
    signature = find(good, "ds:Signature")
    root.replace(good, evil)
    evil.insert(1, signature)
    signature.append(good)


def wrap_5(root, good, evil):
    """The signed one in an Object of the evil one's signature."""
    signature = find(good, "ds:Signature")
    root.replace(good, evil)
    evil.insert(1, signature)
    holder = etree.SubElement(signature, f"{{{forger.DS}}}Object")
    holder.append(good)


def wrap_6(root, good, evil):
    """The signed one in Extensions."""
    root.replace(good, evil)
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(good)
    root.insert(1, extensions)


def wrap_7(root, good, evil):
    """The same ID twice."""
    evil.set("ID", good.get("ID"))
    root.insert(root.index(good), evil)


def wrap_8(root, good, evil):
    """The signed one in an attribute value of the evil one."""
    root.replace(good, evil)
    find(evil, ".//saml:AttributeValue").append(good)


@pytest.mark.parametrize(
    "wrap",
    [wrap_1, wrap_2, wrap_3, wrap_4, wrap_5, wrap_6, wrap_7, wrap_8],
    ids=lambda w: w.__name__,
)
def test_signature_wrapping_is_refused(answer, refused, wrap):
    root = forger.signed_assertion(answer)
    good, evil = assertion_of(root), evil_copy(root)
    wrap(root, good, evil)
    refused(root)


def test_signed_response_inside_another_is_refused(answer, refused):
    """The signed response in Extensions of an unsigned one that says somebody else."""
    good = forger.signed_response(answer)
    evil = answer.tree()
    find(evil, ".//saml:AttributeValue").text = EVE
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(good)
    evil.insert(1, extensions)
    refused(evil)


def test_two_signed_assertions_are_refused(answer, refused):
    root = forger.signed_assertion(answer)
    root.append(assertion_of(forger.signed_assertion(answer)))
    refused(root)


def test_duplicate_identifier_is_refused(answer, refused):
    def change(root):
        find(root, ".//saml:NameID").set("ID", assertion_of(root).get("ID"))

    refused(forger.signed_response(answer, before=change), match="twice")


def test_injected_advice_is_refused(answer, refused):
    root = forger.signed_assertion(answer)
    advice = etree.SubElement(assertion_of(root), f"{{{SAML}}}Advice")
    advice.append(evil_copy(root))
    refused(root)
