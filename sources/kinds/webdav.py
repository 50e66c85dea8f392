"""The kind ``webdav``: the files of a folder of a WebDAV server (RFC 4918), as of Nextcloud."""

import base64
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from sources.errors import AnswerRefused
from sources.interface import Fetched, Item, ItemPage, KindForm, Opening, Reader
from sources.kinds.fields import AddressField, SecretField
from sources.kinds.file_names import is_readable
from sources.kinds.requests import local_name, send, text_of, xml_of
from sources.kinds.web.addresses import is_below
from web.outbound.client import Call

_MAX_BYTES: Final = 50 << 20
# Folders that wait to be listed; more are left out.
_MAX_WAITING: Final = 2_000
_MAX_DEPTH: Final = 20
_BODY: Final = (
    b'<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop>'
    b"<resourcetype/><getetag/><getlastmodified/><getcontentlength/></prop></propfind>"
)
_HEADERS: Final = {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"}


class WebdavForm(KindForm):
    """Which folder is read, and as whom."""

    secret_fields = ("password",)
    place_fields = ("url", "username")

    url = AddressField(
        label=_("Address of the folder"),
        help_text=_(
            "Of Nextcloud: https://cloud.example/remote.php/dav/files/NAME/FOLDER/, or a link "
            "that shares the folder: https://cloud.example/s/…"
        ),
    )
    username = forms.CharField(label=_("User name"), required=False, max_length=200)
    password = SecretField(
        label=_("Password"),
        required=False,
        help_text=_("Better one for this source only (an app password), which may be withdrawn."),
    )
    recursive = forms.BooleanField(label=_("With its subfolders"), required=False, initial=True)


class WebdavKind:
    """Files of a folder."""

    name = "webdav"
    label = _("Folder (WebDAV, Nextcloud)")
    description = _("The files of a folder of Nextcloud, ownCloud or another WebDAV server.")
    form = WebdavForm

    def open(self, opening: Opening) -> Reader:
        """Return a reader of the files."""
        return WebdavReader(opening)


class WebdavReader:
    """Lists one folder at a time; the cursor holds those that wait."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._top, shared = _folder_address(opening.options["url"])
        user = opening.options["username"] or shared
        self._private = _basic(user, opening.secrets.get("password", "")) if user else {}
        self.delay_s = 0.0
        self.max_items = opening.max_items

    def list_items(self, cursor: Any) -> ItemPage:
        """Return the files of a folder."""
        waiting: list[str] = list(cursor["waiting"]) if cursor else [self._top]
        url = waiting.pop(0)
        call = Call(
            url,
            method="PROPFIND",
            headers=_HEADERS,
            private=self._private,
            body=_BODY,
            max_bytes=_MAX_BYTES,
            check_hop=self._check_inside,
        )
        root = xml_of(send(self._opening.client, call))
        if local_name(root) != "multistatus":
            raise AnswerRefused(f"{url}: not WebDAV")
        items, folders = self._members(root, url)
        if self._opening.options["recursive"]:
            waiting += folders
        is_truncated = len(waiting) > _MAX_WAITING
        waiting = waiting[:_MAX_WAITING]
        return ItemPage(
            tuple(items),
            cursor={"waiting": waiting} if waiting else None,
            is_truncated=is_truncated,
        )

    def fetch(self, item: Item, mark: str) -> Fetched:
        """Fetch a file."""
        call = Call(
            item.url,
            private=self._private,
            max_bytes=self._opening.max_bytes,
            seconds=settings.SOURCE_FILE_SECONDS,
        )
        return Fetched(send(self._opening.client, call).content)

    def close(self) -> None:
        """Nothing is open."""

    def _members(self, root: Element, url: str) -> tuple[list[Item], list[str]]:
        items: list[Item] = []
        folders: list[str] = []
        for response in (each for each in root if local_name(each) == "response"):
            target = urljoin(url, text_of(response, "href"))
            properties = _properties(response)
            if target.rstrip("/") == url.rstrip("/") or not is_below(target, self._top):
                continue
            if any(local_name(each) == "collection" for each in properties.iter()):
                inside = urlsplit(target).path[len(urlsplit(self._top).path) :]
                if inside.count("/") <= _MAX_DEPTH:
                    folders.append(target if target.endswith("/") else f"{target}/")
            elif item := self._item(target, properties):
                items.append(item)
        return items, folders

    def _item(self, target: str, properties: Element) -> Item | None:
        path = unquote(urlsplit(target).path)
        inside = path[len(unquote(urlsplit(self._top).path)) :]
        folder, _slash, name = inside.rpartition("/")
        if not is_readable(name):
            return None
        etag = text_of(properties, "getetag")
        dated = text_of(properties, "getlastmodified")
        size = text_of(properties, "getcontentlength")
        return Item(key=path, name=name, folder=folder, url=target, mark=etag or f"{dated} {size}")

    def _check_inside(self, url: str) -> None:
        if not is_below(url, self._top):
            raise AnswerRefused(f"a redirect out of the folder: {url}")


def _properties(response: Element) -> Element:
    """Return the properties that the server has, of all that were asked for."""
    for state in (each for each in response if local_name(each) == "propstat"):
        if " 200" in text_of(state, "status"):
            found = next((each for each in state if local_name(each) == "prop"), None)
            if found is not None:
                return found
    return Element("prop")


def _folder_address(url: str) -> tuple[str, str]:
    """Return the address of a folder, and the user name of a link that shares it (Nextcloud)."""
    before, share, token = url.partition("/s/")
    token = token.strip("/")
    if share and token and "/" not in token and "remote.php" not in before:
        return f"{before.removesuffix('/index.php')}/public.php/dav/files/{token}/", "anonymous"
    return (url if url.endswith("/") else f"{url}/"), ""


def _basic(user: str, password: str) -> dict[str, str]:
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}
