"""Encrypted answers that must not be believed."""

from tests.accounts.saml import forger
from tests.accounts.saml.changes import EVE, find
from tests.accounts.saml.forger import SAML


def test_the_wrong_decryption_key(answer, refused, all_keys):
    refused(forger.encrypt(forger.signed_assertion(answer), all_keys["attacker"]))


def test_encrypted_and_unsigned(answer, refused, all_keys):
    refused(forger.encrypt(answer.tree(), all_keys["sp"]))


def test_encrypted_and_signed_by_another(answer, refused, all_keys):
    root = forger.signed_assertion(answer, keys=all_keys["attacker"])
    refused(forger.encrypt(root, all_keys["sp"]))


def test_a_signed_plain_and_an_unsigned_encrypted_assertion(answer, refused, all_keys):
    root = forger.signed_assertion(answer)
    evil = answer.tree()
    find(evil, ".//saml:AttributeValue").text = EVE
    encrypted = forger.encrypt(evil, all_keys["sp"])
    root.append(encrypted.find(f"{{{SAML}}}EncryptedAssertion"))
    refused(root, match="plain and an encrypted")


def test_two_encrypted_assertions(answer, refused, all_keys):
    root = forger.encrypt(forger.signed_assertion(answer), all_keys["sp"])
    more = forger.encrypt(answer.tree(), all_keys["sp"])
    root.append(more.find(f"{{{SAML}}}EncryptedAssertion"))
    refused(root)


def test_triple_des_and_rsa_1_5(answer, refused, all_keys):
    root = forger.encrypt(forger.signed_assertion(answer), all_keys["sp"])
    for method in root.iter("{http://www.w3.org/2001/04/xmlenc#}EncryptionMethod"):
        method.set("Algorithm", "http://www.w3.org/2001/04/xmlenc#rsa-1_5")
    refused(root, match="encrypted by")
