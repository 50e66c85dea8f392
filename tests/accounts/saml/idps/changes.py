"""Changes to a response, before or after it is signed."""

import copy

from tests.accounts.saml.idps.forger import NS, assertion_of

EVE = "eve@univ-a.example"


def find(root, path):
    return root.find(path, NS)


def remove(path):
    """A change that removes an element."""

    def change(root):
        element = find(root, path)
        element.getparent().remove(element)

    return change


def put(path, name, value):
    """A change of an attribute; None removes it."""

    def change(root):
        element = root if path == "." else find(root, path)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return change


def write(path, text):
    """A change of a text."""

    def change(root):
        find(root, path).text = text

    return change


def evil_copy(root):
    """A copy of the assertion that says somebody else, unsigned, under another ID."""
    evil = copy.deepcopy(assertion_of(root))
    evil.set("ID", "_evil")
    find(evil, ".//saml:AttributeValue").text = EVE
    signature = find(evil, "ds:Signature")
    if signature is not None:
        evil.remove(signature)
    return evil
