"""The kind ``hal``: publications of HAL, by its search API, with their main files.

API: https://api.archives-ouvertes.fr/docs/search. Any server with the same answers will do.
"""

from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from sources.errors import AnswerRefused
from sources.interface import Fetched, Item, ItemPage, KindForm, Opening, Reader
from sources.kinds.fields import AddressField
from sources.kinds.records import Record, fetch_record
from sources.kinds.requests import json_of, send
from sources.kinds.web.addresses import normalised
from web.outbound.client import Call

_MAX_BYTES: Final = 50 << 20
_ROWS: Final = 200
_FIELDS: Final = (
    "docid,halId_s,version_i,title_s,authFullName_s,abstract_s,keyword_s,producedDate_s,"
    "modifiedDate_tdate,uri_s,fileMain_s,language_s"
)


class HalForm(KindForm):
    """Which publications are read, and what of them."""

    place_fields = ("url",)

    url = AddressField(
        label=_("Address of the search API"),
        initial="https://api.archives-ouvertes.fr/search/",
        help_text=_("With the portal or the collection, as …/search/UNIV-EXAMPLE/"),
    )
    query = forms.CharField(
        label=_("Query"),
        max_length=1000,
        initial="*:*",
        help_text=_("In the language of the search API: by structure, author, year…"),
    )
    reads_files = forms.BooleanField(
        label=_("Read the PDF files that the records name"), required=False, initial=True
    )


class HalKind:
    """Publications of HAL."""

    name = "hal"
    label = _("HAL")
    description = _("Publications of a laboratory, a person or a collection, with their files.")
    form = HalForm

    def open(self, opening: Opening) -> Reader:
        """Return a reader of the publications."""
        return HalReader(opening)


class HalReader:
    """Lists publications in the order of their numbers; ``cursorMark`` is the cursor."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self.delay_s: float = settings.SOURCE_DELAY_S
        self.max_items = opening.max_items

    def list_items(self, cursor: Any) -> ItemPage:
        """Return a part of the publications."""
        mark = cursor["mark"] if cursor else "*"
        query = {
            "q": self._opening.options["query"],
            "fl": _FIELDS,
            "rows": _ROWS,
            "sort": "docid asc",
            "cursorMark": mark,
            "wt": "json",
        }
        url = self._opening.options["url"].partition("?")[0].rstrip("/") + "/"
        answer = send(self._opening.client, Call(f"{url}?{urlencode(query)}", max_bytes=_MAX_BYTES))
        found = json_of(answer)
        if not isinstance(found, dict) or not isinstance(found.get("response"), dict):
            raise AnswerRefused(f"{answer.url}: not the search API of HAL")
        documents = found["response"].get("docs", [])
        following = str(found.get("nextCursorMark", mark))
        is_over = following == mark or not documents
        return ItemPage(
            tuple(_item(each) for each in documents if _title(each)),
            cursor=None if is_over else {"mark": following},
        )

    def fetch(self, item: Item, mark: str) -> Fetched:
        """Fetch the main file of a publication, or make one of its record."""
        return fetch_record(self._opening, item)

    def close(self) -> None:
        """Nothing is open."""


def _item(found: dict[str, Any]) -> Item:
    main = normalised(str(_first(found.get("fileMain_s"))))
    abstracts = found.get("abstract_s") or []
    record = Record(
        title=_title(found),
        authors=[str(each) for each in found.get("authFullName_s") or []],
        date=str(found.get("producedDate_s", "")),
        abstract="\n\n".join(map(str, abstracts if isinstance(abstracts, list) else [abstracts])),
        subjects=[str(each) for each in found.get("keyword_s") or []],
        url=normalised(str(found.get("uri_s", ""))),
        files=[main] if main else [],
        language=str(_first(found.get("language_s")))[:2],
    )
    version = f"{found.get('version_i', '')} {found.get('modifiedDate_tdate', '')}".strip()
    return Item(
        key=str(found.get("halId_s") or found.get("docid")),
        name=record.title[:200],
        url=record.url,
        mark=version,
        data=record.as_json(),
    )


def _title(found: dict[str, Any]) -> str:
    return " ".join(str(_first(found.get("title_s"))).split())


def _first(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] if value else ""
    return value or ""
