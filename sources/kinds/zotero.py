"""The kind ``zotero``: the files and references of a Zotero library, by its web API (version 3).

API: https://www.zotero.org/support/dev/web_api/v3/basics.
"""

from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from sources.errors import AnswerRefused
from sources.interface import Fetched, Item, ItemPage, KindForm, Opening, Reader
from sources.kinds.fields import AddressField, SecretField
from sources.kinds.file_names import is_readable
from sources.kinds.records import Record, record_file
from sources.kinds.requests import json_of, send
from web.outbound.client import Answer, Call

_MAX_BYTES: Final = 20 << 20
_PER_PAGE: Final = 100
_HEADERS: Final = {"Zotero-API-Version": "3"}
# Attachments whose file Zotero keeps.
_WITH_FILE: Final = ("imported_file", "imported_url")
_NO_REFERENCES: Final = ("attachment", "note", "annotation")


class ZoteroForm(KindForm):
    """Which library or collection is read, and with which key."""

    secret_fields = ("key",)
    place_fields = ("url", "library", "library_id")

    library = forms.ChoiceField(
        label=_("Library"),
        choices=[("groups", _("Of a group")), ("users", _("Of a person"))],
        initial="groups",
    )
    library_id = forms.RegexField(
        label=_("Its number"),
        regex=r"^[0-9]{1,12}$",
        help_text=_("Of a group: in the address of its page. Of a person: on the page of keys."),
    )
    collection = forms.RegexField(
        label=_("Collection"),
        regex=r"^[A-Z0-9]{8}$",
        required=False,
        help_text=_("Its key of eight characters, in its address; all without it."),
    )
    key = SecretField(
        label=_("API key"),
        required=False,
        help_text=_("One that may only read. Public libraries need none."),
    )
    reads_references = forms.BooleanField(
        label=_("Also read references without a file"), required=False
    )
    url = AddressField(label=_("Address of the API"), initial="https://api.zotero.org")


class ZoteroKind:
    """Files and references of a library."""

    name = "zotero"
    label = _("Zotero")
    description = _("The files of a library or a collection, and its references if you wish.")
    form = ZoteroForm

    def open(self, opening: Opening) -> Reader:
        """Return a reader of the library."""
        return ZoteroReader(opening)


class ZoteroReader:
    """Lists a hundred items at a time; their number is the cursor."""

    def __init__(self, opening: Opening) -> None:
        self._opening, self._options = opening, opening.options
        key = opening.secrets.get("key", "")
        self._private = {"Zotero-API-Key": key} if key else {}
        self._library = f"{self._options['library']}/{self._options['library_id']}"
        self.delay_s = 0.0
        self.max_items = opening.max_items

    def list_items(self, cursor: Any) -> ItemPage:
        """Return a part of the library, the oldest items first."""
        start = cursor["start"] if cursor else 0
        collection = self._options["collection"]
        inside = f"collections/{collection}/items" if collection else "items"
        query = {"limit": _PER_PAGE, "start": start, "sort": "dateAdded", "direction": "asc"}
        answer = self._get(f"{inside}?{urlencode(query)}", _MAX_BYTES)
        found = json_of(answer)
        if not isinstance(found, list):
            raise AnswerRefused(f"{answer.url}: not the API of Zotero")
        items = (self._item(each) for each in found)
        return ItemPage(
            tuple(item for item in items if item is not None),
            cursor={"start": start + _PER_PAGE} if len(found) == _PER_PAGE else None,
        )

    def fetch(self, item: Item, mark: str) -> Fetched:
        """Fetch a file, or make one of a reference."""
        if "title" in item.data:
            return Fetched(record_file(Record(**item.data)))
        return Fetched(self._get(f"items/{item.key}/file", self._opening.max_bytes).content)

    def close(self) -> None:
        """Nothing is open."""

    def _get(self, path: str, max_bytes: int) -> Answer:
        url = f"{self._options['url'].rstrip('/')}/{self._library}/{path}"
        # A file is somewhere else; the key is not sent there.
        call = Call(url, headers=_HEADERS, private=self._private, max_bytes=max_bytes)
        return send(self._opening.client, call)

    def _item(self, found: dict[str, Any]) -> Item | None:
        data = found["data"]
        key, mark = str(found["key"]), str(found["version"])
        url = str((found.get("links", {}).get("alternate") or {}).get("href", ""))
        if data["itemType"] == "attachment":
            name = str(data.get("filename", ""))
            if data.get("linkMode") not in _WITH_FILE or not is_readable(name):
                return None
            return Item(key=key, name=name, url=url, mark=mark)
        if data["itemType"] in _NO_REFERENCES or not self._options["reads_references"]:
            return None
        record = _record(data, url)
        if not record.title:
            return None
        return Item(
            key=key,
            name=f"{record.title[:200]}.html",
            url=url,
            mark=mark,
            data=record.as_json(),
        )


def _record(data: dict[str, Any], url: str) -> Record:
    names = (
        each.get("name") or f"{each.get('firstName', '')} {each.get('lastName', '')}".strip()
        for each in data.get("creators", [])
    )
    return Record(
        title=" ".join(str(data.get("title", "")).split()),
        authors=[str(name) for name in names if name],
        date=str(data.get("date", "")),
        abstract=str(data.get("abstractNote", "")),
        subjects=[str(tag["tag"]) for tag in data.get("tags", [])],
        url=str(data.get("url") or url),
        language=str(data.get("language", ""))[:2].lower(),
    )
