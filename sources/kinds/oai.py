"""The kind ``oai``: the records of an open archive (OAI-PMH 2.0), with the files they name.

Each record in Dublin Core becomes a text with its fields, or the file that it links to.
"""

from typing import Any, Final
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from sources.errors import AnswerRefused
from sources.interface import Fetched, Item, ItemPage, KindForm, Opening, Reader
from sources.kinds.fields import AddressField
from sources.kinds.records import Record, fetch_record
from sources.kinds.requests import local_name, send, text_of, xml_of
from sources.kinds.web.addresses import normalised
from web.outbound.client import Call

_MAX_BYTES: Final = 50 << 20
_DUBLIN_CORE: Final = "{http://purl.org/dc/elements/1.1/}"
# Of an empty list.
_NO_RECORDS: Final = "noRecordsMatch"


class OaiForm(KindForm):
    """Which archive is read, and what of it."""

    place_fields = ("url",)

    url = AddressField(
        label=_("Base URL of OAI-PMH"), help_text=_("For example https://archive.example/oai")
    )
    oai_set = forms.CharField(
        label=_("Set"), required=False, max_length=300, help_text=_("Its setSpec; all without it.")
    )
    reads_files = forms.BooleanField(
        label=_("Read the PDF files that the records name"), required=False, initial=True
    )


class OaiKind:
    """Records of an open archive."""

    name = "oai"
    label = _("Open archive (OAI-PMH)")
    description = _("Publications, theses, archives: each record with its file, if it names one.")
    form = OaiForm

    def open(self, opening: Opening) -> Reader:
        """Return a reader of the records."""
        return OaiReader(opening)


class OaiReader:
    """Lists the records with their dates; a resumption token is the cursor."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self.delay_s: float = settings.SOURCE_DELAY_S
        self.max_items = opening.max_items

    def list_items(self, cursor: Any) -> ItemPage:
        """Return a part of the records."""
        query = {"verb": "ListRecords", "resumptionToken": cursor["token"]} if cursor else None
        if query is None:
            query = {"verb": "ListRecords", "metadataPrefix": "oai_dc"}
            if oai_set := self._opening.options["oai_set"]:
                query["set"] = oai_set
        url = self._opening.options["url"]
        sign = "&" if "?" in url else "?"
        answer = send(
            self._opening.client, Call(f"{url}{sign}{urlencode(query)}", max_bytes=_MAX_BYTES)
        )
        root = xml_of(answer)
        _check(root, answer.url)
        records = [each for each in root.iter() if local_name(each) == "record"]
        items = (self._item(record) for record in records)
        tokens = [each.text for each in root.iter() if local_name(each) == "resumptionToken"]
        token = (tokens[0] or "").strip() if tokens else ""
        # An archive that repeats its token would be read for ever.
        is_over = not token or (cursor is not None and token == cursor["token"])
        return ItemPage(
            tuple(item for item in items if item is not None),
            cursor=None if is_over else {"token": token},
        )

    def fetch(self, item: Item, mark: str) -> Fetched:
        """Fetch the file of a record, or make one of its fields."""
        return fetch_record(self._opening, item)

    def close(self) -> None:
        """Nothing is open."""

    def _item(self, record: Element) -> Item | None:
        header = next((each for each in record if local_name(each) == "header"), None)
        if header is None or header.get("status") == "deleted":
            return None
        key = text_of(header, "identifier")
        fields = record_fields(record)
        if not key or not fields.title:
            return None
        return Item(
            key=key,
            name=fields.title[:200],
            url=fields.url,
            mark=text_of(header, "datestamp"),
            data=fields.as_json(),
        )


def record_fields(record: Element) -> Record:
    """Return the Dublin Core of a record."""

    def every(name: str) -> list[str]:
        found = (each.text for each in record.iter(f"{_DUBLIN_CORE}{name}"))
        return [" ".join(text.split()) for text in found if text and text.strip()]

    addresses = [normalised(each) for each in [*every("identifier"), *every("relation")]]
    addresses = [each for each in addresses if each]
    return Record(
        title=next(iter(every("title")), ""),
        authors=every("creator"),
        date=next(iter(every("date")), ""),
        abstract="\n\n".join(every("description")),
        subjects=every("subject"),
        url=next(iter(addresses), ""),
        files=[each for each in addresses if each.lower().endswith((".pdf", "/document"))],
        language=next(iter(every("language")), "")[:2],
    )


def _check(root: Element, url: str) -> None:
    """Raise AnswerRefused unless it is an answer of OAI-PMH, or says that there are no records."""
    if local_name(root) != "OAI-PMH":
        raise AnswerRefused(f"{url}: not OAI-PMH")
    for child in root:
        if local_name(child) == "error" and child.get("code") != _NO_RECORDS:
            raise AnswerRefused(f"{url}: {child.get('code')}: {child.text}")
