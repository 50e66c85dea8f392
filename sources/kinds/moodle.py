"""The kind ``moodle``: the files and pages of a Moodle course, by its web services (REST, JSON).

Function: core_course_get_contents. The token is sent in the body of requests, never in an address.
"""

from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from sources.errors import AccessDenied, AnswerRefused
from sources.interface import Fetched, Item, ItemPage, KindForm, Opening, Reader
from sources.kinds.fields import AddressField, SecretField
from sources.kinds.file_names import is_readable
from sources.kinds.requests import json_of, media_type_of, send
from web.outbound.client import Answer, Call, origin_of

_MAX_BYTES: Final = 50 << 20
_MAX_ERROR_BYTES: Final = 4096
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_REFUSALS: Final = (
    "invalidtoken",
    "accessexception",
    "nopermissions",
    "requireloginerror",
    "errorcoursecontextnotvalid",
)


class MoodleForm(KindForm):
    """Which course is read, and with which token."""

    secret_fields = ("token",)
    place_fields = ("url",)

    url = AddressField(
        label=_("Address of Moodle"), help_text=_("For example https://moodle.example.org")
    )
    course = forms.IntegerField(
        label=_("Number of the course"),
        min_value=1,
        help_text=_("The number at the end of the address of its page."),
    )
    token = SecretField(
        label=_("Token of web services"),
        help_text=_("In your Moodle profile, under security keys; it reads what you may read."),
    )


class MoodleKind:
    """Files and pages of a course."""

    name = "moodle"
    label = _("Moodle course")
    description = _("The files and pages of a course, in folders named for its sections.")
    form = MoodleForm

    def open(self, opening: Opening) -> Reader:
        """Return a reader of the course."""
        return MoodleReader(opening)


class MoodleReader:
    """Lists a course in one answer."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._url = opening.options["url"].rstrip("/")
        self.delay_s = 0.0
        self.max_items = opening.max_items

    def list_items(self, cursor: Any) -> ItemPage:
        """Return all files of the course."""
        answer = self._post(
            f"{self._url}/webservice/rest/server.php",
            {
                "wstoken": self._opening.secrets["token"],
                "wsfunction": "core_course_get_contents",
                "moodlewsrestformat": "json",
                "courseid": str(self._opening.options["course"]),
            },
            max_bytes=_MAX_BYTES,
        )
        sections = json_of(answer)
        _check(sections, answer.url)
        return ItemPage(
            tuple(
                self._item(section, module, file)
                for section in sections
                for module in section.get("modules", [])
                for file in module.get("contents") or []
                if file.get("type") == "file" and is_readable(str(file.get("filename", "")))
            )
        )

    def fetch(self, item: Item, mark: str) -> Fetched:
        """Fetch a file. Raises AnswerRefused for one on another server, which gets no token."""
        address = str(item.data["file"])
        if origin_of(address) != origin_of(self._url):
            raise AnswerRefused(f"a file on another server: {address}")
        answer = self._post(
            address, {"token": self._opening.secrets["token"]}, max_bytes=self._opening.max_bytes
        )
        # Moodle tells errors in JSON, with the status of a success.
        if media_type_of(answer) == "application/json" and answer.size_bytes < _MAX_ERROR_BYTES:
            told = json_of(answer)
            if isinstance(told, dict) and "errorcode" in told:
                _check(told, address)
        answer.content.seek(0)
        return Fetched(answer.content)

    def close(self) -> None:
        """Nothing is open."""

    def _post(self, url: str, fields: dict[str, str], *, max_bytes: int) -> Answer:
        call = Call(
            url,
            method="POST",
            headers=_FORM,
            body=urlencode(fields).encode(),
            max_bytes=max_bytes,
            seconds=settings.SOURCE_FILE_SECONDS,
        )
        return send(self._opening.client, call)

    def _item(self, section: dict[str, Any], module: dict[str, Any], file: dict[str, Any]) -> Item:
        name, inside = str(file["filename"]), str(file.get("filepath") or "").strip("/")
        title = str(module.get("name", ""))
        # Every page of Moodle is a file of this name.
        if name == "index.html" and title:
            name = f"{title}.html"
        return Item(
            key=f"{module['id']}/{inside}/{file['filename']}",
            name=name,
            folder="/".join(part for part in (str(section.get("name", "")), inside) if part),
            url=str(module.get("url", "")),
            mark=f"{file.get('timemodified', '')} {file.get('filesize', '')}",
            data={"file": str(file["fileurl"])},
        )


def _check(answer: Any, url: str) -> None:
    """Raise an error for an answer that tells one, or that is no course."""
    if isinstance(answer, dict) and answer.get("errorcode") in _REFUSALS:
        raise AccessDenied(f"{url}: {answer['errorcode']}")
    if not isinstance(answer, list):
        code = answer.get("errorcode", "") if isinstance(answer, dict) else ""
        raise AnswerRefused(f"{url}: not a course of Moodle {code}")
