"""An open archive that speaks OAI-PMH, and the search API of HAL, with records of a test."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.sources.scripted_site import Page, ScriptedSite

PER_PAGE = 2


@dataclass
class Publication:
    """A publication, in both forms."""

    number: int
    title: str
    abstract: str = "About it."
    dated: str = "2026-11-01"
    has_file: bool = False
    is_deleted: bool = False


@dataclass
class ScriptedArchive(ScriptedSite):
    """Lists its publications two at a time; files are those of ``pages``."""

    publications: list[Publication] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Page:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/oai":
            return Page(self._oai(query).encode(), "text/xml")
        if parts.path == "/search/LAB/":
            return Page(json.dumps(self._hal(query)).encode(), "application/json")
        return super().answer(method, path, headers, body)

    def _oai(self, query: dict[str, str]) -> str:
        start = int(query.get("resumptionToken", "0"))
        if start == 0 and query.get("metadataPrefix") != "oai_dc":
            inner = '<error code="cannotDisseminateFormat">No.</error>'
        elif not self.publications:
            inner = '<error code="noRecordsMatch"/>'
        else:
            following = start + PER_PAGE
            records = map(self._record, self.publications[start:following])
            token = str(following) if following < len(self.publications) else ""
            inner = (
                f"<ListRecords>{''.join(records)}<resumptionToken>{token}</resumptionToken>"
                "</ListRecords>"
            )
        return f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{inner}</OAI-PMH>'

    def _record(self, one: Publication) -> str:
        status = ' status="deleted"' if one.is_deleted else ""
        header = (
            f"<header{status}><identifier>oai:archive:{one.number}</identifier>"
            f"<datestamp>{one.dated}</datestamp></header>"
        )
        if one.is_deleted:
            return f"<record>{header}</record>"
        file = f"<dc:identifier>{self.url}/{one.number}.pdf</dc:identifier>" if one.has_file else ""
        return (
            f"<record>{header}<metadata><oai_dc:dc "
            'xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{one.title}</dc:title><dc:creator>Doe, Jane</dc:creator>"
            f"<dc:description>{one.abstract}</dc:description><dc:date>2026</dc:date>"
            f"<dc:identifier>{self.url}/record/{one.number}</dc:identifier>{file}"
            "<dc:language>eng</dc:language></oai_dc:dc></metadata></record>"
        )

    def _hal(self, query: dict[str, str]) -> dict[str, object]:
        mark = query["cursorMark"]
        start = 0 if mark == "*" else int(mark)
        end = min(start + PER_PAGE, len(self.publications))
        docs = [
            {
                "docid": str(one.number),
                "halId_s": f"hal-{one.number:08}",
                "version_i": 1,
                "title_s": [one.title, "Titre"],
                "authFullName_s": ["Jane Doe"],
                "abstract_s": [one.abstract],
                "producedDate_s": "2026-01-01",
                "modifiedDate_tdate": one.dated,
                "uri_s": f"{self.url}/record/{one.number}",
                "language_s": ["en"],
                **({"fileMain_s": f"{self.url}/{one.number}.pdf"} if one.has_file else {}),
            }
            for one in self.publications[start:end]
        ]
        return {"response": {"docs": docs}, "nextCursorMark": str(end) if docs else mark}
