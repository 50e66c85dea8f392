"""Encrypted responses that must be refused."""

from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.changes import EVE, find
from tests.accounts.saml.idps.forger import SAML


def test_wrong_decryption_key_is_refused(answer, refused, all_keys):
    refused(forger.encrypt(forger.signed_assertion(answer), all_keys["attacker"]))


def test_encrypted_unsigned_assertion_is_refused(answer, refused, all_keys):
    refused(forger.encrypt(answer.tree(), all_keys["sp"]))


def test_encrypted_assertion_signed_by_other_key_is_refused(answer, refused, all_keys):
    root = forger.signed_assertion(answer, keys=all_keys["attacker"])
    refused(forger.encrypt(root, all_keys["sp"]))


def test_plain_and_encrypted_assertion_together_are_refused(answer, refused, all_keys):
    root = forger.signed_assertion(answer)
    evil = answer.tree()
    find(evil, ".//saml:AttributeValue").text = EVE
    encrypted = forger.encrypt(evil, all_keys["sp"])
    root.append(encrypted.find(f"{{{SAML}}}EncryptedAssertion"))
    refused(root, match="plain and an encrypted")


def test_two_encrypted_assertions_are_refused(answer, refused, all_keys):
    root = forger.encrypt(forger.signed_assertion(answer), all_keys["sp"])
    more = forger.encrypt(answer.tree(), all_keys["sp"])
    root.append(more.find(f"{{{SAML}}}EncryptedAssertion"))
    refused(root)


def test_triple_des_and_rsa_1_5_are_refused(answer, refused, all_keys):
    root = forger.encrypt(forger.signed_assertion(answer), all_keys["sp"])
    for method in root.iter("{http://www.w3.org/2001/04/xmlenc#}EncryptionMethod"):
        method.set("Algorithm", "http://www.w3.org/2001/04/xmlenc#rsa-1_5")
    refused(root, match="encrypted by")
