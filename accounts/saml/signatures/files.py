"""Verify the signature of a large metadata file in one pass, with little memory.

    file ─▶ root and Signature ─▶ a pinned key signed SignedInfo
         ─▶ exclusive C14N, child of the root by child ─▶ canonical file ─▶ its digest is the signed

Afterwards only the canonical file is read, that is, the same octets that were digested. So the
canonicalisation need not be trusted, nor must two parsers read a file in the same way: after an
error the digest would differ, and the file would be refused. Tests compare the result with that of
``xmlsec1``, which takes 420 MB of memory for an aggregate of 83 MB.

Sources: XML Signature 1.1; Exclusive XML Canonicalization 1.0; SAML metadata 2.0, section 3.
"""

import copy
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

from accounts.saml.errors import MetadataRefused, ResponseRefused
from accounts.saml.signatures.algorithms import (
    DIGEST_METHODS,
    ENVELOPED,
    EXCLUSIVE_C14N,
    SIGNATURE_METHODS,
)
from accounts.saml.signatures.octets import PublicKey, decode_base64, is_signed
from accounts.saml.xml import DS, MD, check_beginning, tag

ROOTS = (tag(MD, "EntitiesDescriptor"), tag(MD, "EntityDescriptor"))
_BLOCK_BYTES: Final = 256 << 10
# Maximum size of an entity; most take about 10 KB.
_MAX_CHILD_BYTES: Final = 32 << 20
_INCLUSIVE: Final = f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces"
_SIGNED_INFO: Final = ("CanonicalizationMethod", "SignatureMethod", "Reference")
_REFERENCE: Final = ("Transforms", "DigestMethod", "DigestValue")


@dataclass(frozen=True)
class _SignedInfo:
    """The signed information: the digest of the file, and how to compute it."""

    digest: bytes
    digest_name: str
    prefixes: list[str]


def verify_file(path: Path, canonical: Path, keys: list[PublicKey]) -> None:
    """Verify that one of ``keys`` signed the root of ``path``, and write it to ``canonical``.

    ``canonical`` contains neither the signature nor comments. Raises MetadataRefused; it must then
    not be read.
    """
    batches = _batches(path)
    root, finished = next(batches)
    if not finished or root[0].tag != tag(DS, "Signature"):
        raise MetadataRefused("unsigned")
    signature = root[0]
    try:
        info = _verified_info(signature, root, keys)
    except ResponseRefused as error:
        raise MetadataRefused(str(error)) from error
    text = (root.text or "") + (signature.tail or "")
    root.remove(signature)
    root.text = text
    with canonical.open("wb") as file:
        file.writelines(_canonical(root, finished - 1, batches, info.prefixes))
    with canonical.open("rb") as written:
        digest = hashlib.file_digest(written, info.digest_name).digest()
    if not secrets.compare_digest(digest, info.digest):
        raise MetadataRefused("not what was signed")


def _batches(path: Path) -> Iterator[tuple[etree._Element, int]]:
    """Yield the root and the number of its complete children, including their tails.

    Yields after at least one child, and at the end of the file; the caller removes the children.
    """
    parser = etree.XMLPullParser(
        events=("start",),
        tag=ROOTS,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        huge_tree=True,
    )
    try:
        with path.open("rb") as file:
            root = _root(parser, file.read(_BLOCK_BYTES))
            waiting = 0
            while True:
                waiting += _BLOCK_BYTES
                if len(root) > 1:
                    yield root, _checked(len(root) - 1, root)
                    waiting = 0
                if waiting > _MAX_CHILD_BYTES:
                    raise MetadataRefused("an entity is too large")
                block = file.read(_BLOCK_BYTES)
                if not block:
                    break
                parser.feed(block)
                # Events hold references to all elements of the file until they are read.
                for _event in parser.read_events():
                    pass
        parser.close()
    except etree.XMLSyntaxError as error:
        raise MetadataRefused(f"truncated or not XML: {error}") from error
    if root.getprevious() is not None or root.getnext() is not None:
        raise MetadataRefused("an instruction beside the root")
    yield root, _checked(len(root), root)


def _checked(finished: int, root: etree._Element) -> int:
    if any(not isinstance(child.tag, str) for child in root):
        raise MetadataRefused("an instruction within the root")
    return finished


def _root(parser: "etree.XMLPullParser[etree._Element]", head: bytes) -> etree._Element:
    """Parse the head of a file, which must contain the start of the root without a DOCTYPE."""
    try:
        check_beginning(head)
    except ResponseRefused as error:
        raise MetadataRefused(str(error)) from error
    parser.feed(head)
    root: etree._Element | None = None
    for _event, element in parser.read_events():
        root = element if root is None else root
    if root is None or root.getparent() is not None:
        raise MetadataRefused("not metadata")
    return root


def _canonical(
    root: etree._Element,
    finished: int,
    batches: Iterator[tuple[etree._Element, int]],
    prefixes: list[str],
) -> Iterator[bytes]:
    """Yield the canonical form of a file whose first ``finished`` children are complete.

    Children are canonicalised inside the root, with its namespaces. The root then also contains an
    incomplete child; a random marker shows where its octets begin.
    """
    mark = secrets.token_hex(16)
    start, begin = _start_bytes(root, prefixes), 0
    while finished < len(root):
        if finished:
            root[finished - 1].tail = (root[finished - 1].tail or "") + mark
        else:
            root.text = (root.text or "") + mark
        octets = _exclusive(root, prefixes)
        yield octets[begin : octets.index(mark.encode())]
        del root[:finished]
        root.text, begin = None, start
        _root_again, finished = next(batches)
    yield _exclusive(root, prefixes)[begin:]


def _start_bytes(root: etree._Element, prefixes: list[str]) -> int:
    """Return the length of the root's start tag in canonical form."""
    alone = copy.deepcopy(root)
    del alone[:]
    alone.text = None
    return _exclusive(alone, prefixes).rindex(b"</")


def _verified_info(
    signature: etree._Element, root: etree._Element, keys: list[PublicKey]
) -> _SignedInfo:
    """Verify SignedInfo and return its contents, read from the octets that were verified."""
    element = signature.find(tag(DS, "SignedInfo"))
    value = signature.find(tag(DS, "SignatureValue"))
    if element is None or value is None:
        raise MetadataRefused("a signature of nothing")
    octets = _exclusive(element, _prefixes(element.find(tag(DS, "CanonicalizationMethod"))))
    info = etree.fromstring(octets)
    if [child.tag for child in info] != [tag(DS, name) for name in _SIGNED_INFO]:
        raise MetadataRefused("signed in part")
    canonicalisation, method, reference = info
    if _algorithm(canonicalisation) != EXCLUSIVE_C14N:
        raise MetadataRefused(f"CanonicalizationMethod {_algorithm(canonicalisation)}")
    if _algorithm(method) not in SIGNATURE_METHODS:
        raise MetadataRefused(f"SignatureMethod {_algorithm(method)}")
    read = _read_reference(reference, root)
    made = decode_base64(value.text or "")
    if not is_signed(octets, signature=made, method=_algorithm(method), keys=keys):
        raise MetadataRefused("no pinned certificate verifies the signature")
    return read


def _read_reference(reference: etree._Element, root: etree._Element) -> _SignedInfo:
    if reference.get("URI") not in ("", f"#{root.get('ID')}"):
        raise MetadataRefused("signed in part")
    if [child.tag for child in reference] != [tag(DS, name) for name in _REFERENCE]:
        raise MetadataRefused("a reference of another shape")
    transforms, method, value = reference
    if [_algorithm(each) for each in transforms] != [ENVELOPED, EXCLUSIVE_C14N]:
        raise MetadataRefused(f"Transform {[_algorithm(each) for each in transforms]}")
    if _algorithm(method) not in DIGEST_METHODS:
        raise MetadataRefused(f"DigestMethod {_algorithm(method)}")
    return _SignedInfo(
        digest=decode_base64(value.text or ""),
        digest_name=_algorithm(method).partition("#")[2],
        prefixes=_prefixes(transforms[1]),
    )


def _algorithm(element: etree._Element) -> str:
    return str(element.get("Algorithm", ""))


def _prefixes(method: etree._Element | None) -> list[str]:
    """Return the prefixes that are canonicalised as in inclusive C14N."""
    named = None if method is None else method.find(_INCLUSIVE)
    prefixes = [] if named is None else named.get("PrefixList", "").split()
    if "#default" in prefixes:
        raise MetadataRefused("a default namespace that counts although unused")
    return prefixes


def _exclusive(element: etree._Element, prefixes: list[str]) -> bytes:
    try:
        octets = etree.tostring(
            element,
            method="c14n",
            exclusive=True,
            with_comments=False,
            with_tail=False,
            inclusive_ns_prefixes=prefixes,
        )
    except etree.C14NError as error:
        raise MetadataRefused("a relative namespace") from error
    return bytes(octets)
