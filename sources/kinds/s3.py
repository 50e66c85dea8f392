"""The kind ``s3``: the objects of a bucket of an S3-compatible server.

Requests are signed by botocore (Signature Version 4), and sent by our own client.
"""

from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from sources.errors import AnswerRefused
from sources.interface import Fetched, Item, ItemPage, KindForm, Opening, Reader
from sources.kinds.fields import AddressField, SecretField
from sources.kinds.file_names import is_readable
from sources.kinds.requests import local_name, send, text_of, xml_of
from web.outbound.client import Answer, Call

_MAX_BYTES: Final = 20 << 20
_PER_PAGE: Final = 1_000
_SAFE: Final = "/-_.~"


class S3Form(KindForm):
    """Which bucket is read, and with which key."""

    secret_fields = ("secret_key",)
    place_fields = ("url", "access_key")

    url = AddressField(
        label=_("Address of the server"), help_text=_("For example https://s3.example.org")
    )
    bucket = forms.RegexField(label=_("Bucket"), regex=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    key_prefix = forms.CharField(
        label=_("Prefix"), required=False, max_length=500, help_text=_("Such as reports/2026/")
    )
    region = forms.RegexField(label=_("Region"), regex=r"^[a-z0-9-]{1,40}$", initial="us-east-1")
    access_key = forms.CharField(label=_("Access key"), required=False, max_length=200)
    secret_key = SecretField(
        label=_("Secret key"),
        required=False,
        help_text=_("One that may only list and read this bucket. Public buckets need none."),
    )


class S3Kind:
    """Objects of a bucket."""

    name = "s3"
    label = _("Bucket (S3)")
    description = _("The files of a bucket of AWS, MinIO, Ceph, Garage or another S3 server.")
    form = S3Form

    def open(self, opening: Opening) -> Reader:
        """Return a reader of the objects."""
        return S3Reader(opening)


class S3Reader:
    """Lists a thousand objects at a time; the token of the list is the cursor."""

    def __init__(self, opening: Opening) -> None:
        self._opening, self._options = opening, opening.options
        secret = opening.secrets.get("secret_key", "")
        key = self._options["access_key"]
        self._credentials = Credentials(key, secret) if key and secret else None
        self.delay_s = 0.0
        self.max_items = opening.max_items

    def list_items(self, cursor: Any) -> ItemPage:
        """Return a part of the objects."""
        query = {
            "list-type": "2",
            "max-keys": str(_PER_PAGE),
            "prefix": self._options["key_prefix"],
        }
        if cursor:
            query["continuation-token"] = cursor["token"]
        answer = self._get("", query, max_bytes=_MAX_BYTES, seconds=60.0)
        root = xml_of(answer)
        if local_name(root) != "ListBucketResult":
            raise AnswerRefused(f"{answer.url}: not S3")
        objects = [each for each in root if local_name(each) == "Contents"]
        token = text_of(root, "NextContinuationToken")
        return ItemPage(
            tuple(
                Item(
                    key=text_of(each, "Key"),
                    name=text_of(each, "Key").rpartition("/")[2],
                    folder=self._folder_of(text_of(each, "Key")),
                    mark=text_of(each, "ETag"),
                )
                for each in objects
                if is_readable(text_of(each, "Key").rpartition("/")[2])
            ),
            cursor={"token": token} if token and token != (cursor or {}).get("token") else None,
        )

    def fetch(self, item: Item, mark: str) -> Fetched:
        """Fetch an object."""
        answer = self._get(
            item.key,
            {},
            max_bytes=self._opening.max_bytes,
            seconds=settings.SOURCE_FILE_SECONDS,
        )
        return Fetched(answer.content)

    def close(self) -> None:
        """Nothing is open."""

    def _get(self, key: str, query: dict[str, str], *, max_bytes: int, seconds: float) -> Answer:
        path = f"{self._options['bucket']}/{quote(key, safe=_SAFE)}".rstrip("/")
        url = f"{self._options['url'].rstrip('/')}/{path}"
        if query:
            url += f"?{urlencode(sorted(query.items()), quote_via=quote, safe='-_.~')}"
        call = Call(url, private=self._signed(url), max_bytes=max_bytes, seconds=seconds)
        return send(self._opening.client, call)

    def _signed(self, url: str) -> dict[str, str]:
        """Return the headers that sign a request."""
        if self._credentials is None:
            return {}
        request = AWSRequest(method="GET", url=url, headers={"Host": urlsplit(url).netloc})
        S3SigV4Auth(self._credentials, "s3", self._options["region"]).add_auth(request)
        return {name: value for name, value in request.headers.items() if name.lower() != "host"}

    def _folder_of(self, key: str) -> str:
        inside = key.removeprefix(self._options["key_prefix"].rpartition("/")[0])
        return inside.rpartition("/")[0].strip("/")
