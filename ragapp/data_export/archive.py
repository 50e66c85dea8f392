"""All that the site holds of a person, as a ZIP archive that is written while it is sent.

::

    README.txt                    what the archive holds
    account.json                  the account, its logins, and rows that are of no instance
    INSTANCE/rows/….jsonl         rows of an instance that name the person, by table and column
    INSTANCE/conversations/….md   each conversation as it is read, and ….json with all its versions
    INSTANCE/conversations/…/NAME the files attached to it

Secrets (digests, keys, tokens) are left out, as are documents, which are the instance's.
"""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import chain
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.users.erasure import Reference, references
from chat.conversations.attachments import attachments_of
from chat.exports.formats import FORMATS, exported, file_name
from chat.models import Conversation
from instances.across_instances import call_function
from instances.models import Instance, InstanceOwnedModel, Membership
from instances.tenancy import in_database, tenant
from people.models import User

_BLOCK_BYTES: Final = 1 << 18
# Rows read in one transaction.
_BATCH: Final = 1000
_FORMATS: Final = ("markdown", "json")
# Columns whose content would let a reader of the archive act as the person, and paths.
_SECRETS: Final = frozenset(
    {
        *("password", "session_salt", "session_key", "session_index", "id_token", "data"),
        *("digest", "browser_digest", "encrypted_secrets", "pseudonym", "file"),
    }
)


async def stream_archive(user: User, language: str) -> AsyncIterator[bytes]:
    """Yield the archive; no transaction is open between two pieces."""
    pieces = _pieces(user, language)
    while (piece := await in_database(next, pieces, None)) is not None:
        yield piece


def _pieces(user: User, language: str) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _members(user, language):
            with archive.open(name, "w") as member:
                for block in content:
                    member.write(block)
                    yield sink.take()
    yield sink.take()


def _members(user: User, language: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the name and the content of each file."""
    with translation.override(language):
        readme = _readme()
    yield "README.txt", iter([readme.encode()])
    yield "account.json", iter([_as_json(_account_rows(user), indent=1)])
    for (instance_id,) in call_function("instances_of_person", user.pk):
        instance = Instance.objects.select_related("organisation").get(pk=instance_id)
        for reference in references():
            lines = _lines(instance, reference, user)
            if (first := next(lines, None)) is not None:
                yield f"{instance.slug}/rows/{reference.name}.jsonl", chain([first], lines)
        with tenant(instance):
            own = Conversation.objects.for_instance(instance).filter(user=user)
            keys = list(own.order_by("created_at", "pk").values_list("pk", flat=True))
        for key in keys:
            yield from _conversation(instance, user, key, language)


def _conversation(
    instance: Instance, user: User, key: UUID, language: str
) -> Iterator[tuple[str, Iterator[bytes]]]:
    with tenant(instance), translation.override(language):
        conversation = Conversation.objects.filter(pk=key).select_related("instance").first()
        if conversation is None:
            return  # Deleted meanwhile.
        membership = Membership.objects.current().filter(instance=instance, user=user).first()
        # As on the site: who may not read the documents sees what answers cite.
        cited_only = membership is None or not membership.may_read_documents
        day = conversation.created_at.date()
        title = file_name(conversation, f"-{str(key)[:8]}")
        name = f"{instance.slug}/conversations/{day}-{title}"
        files = {
            FORMATS[each].suffix: exported(conversation, FORMATS[each], cited_only=cited_only)
            for each in _FORMATS
        }
        attached = list(attachments_of(conversation))
    for suffix, text in files.items():
        yield name + suffix, iter([text.encode() if isinstance(text, str) else text])
    for number, document in enumerate(attached, 1):
        try:
            file = document.file.open("rb")
        except FileNotFoundError:
            continue
        with file:
            blocks = iter(partial(file.read, _BLOCK_BYTES), b"")
            yield f"{name}/{number}-{document.name.rpartition('/')[2]}", blocks


def _account_rows(user: User) -> dict[str, list[dict[str, Any]]]:
    """Return the account, and the rows of no instance that name the person."""
    rows = {User._meta.label: _values(User.objects.filter(pk=user.pk))}
    for model in apps.get_models():
        if issubclass(model, InstanceOwnedModel):
            continue
        for field in model._meta.concrete_fields:
            if field.related_model is User:
                named = model._default_manager.filter(**{field.name: user.pk})
                rows[f"{model._meta.label}.{field.name}"] = _values(named)
    return {name: found for name, found in rows.items() if found}


def _lines(instance: Instance, reference: Reference, user: User) -> Iterator[bytes]:
    """Yield rows that name the person, as lines of JSON."""
    key, after = reference.model._meta.pk.attname, None
    while True:
        with tenant(instance):
            rows = reference.rows(user)
            batch = _values(rows if after is None else rows.filter(pk__gt=after), _BATCH)
        if not batch:
            return
        after = batch[-1][key]
        yield b"".join(_as_json(row) + b"\n" for row in batch)


def _values(rows: QuerySet[Any], limit: int | None = None) -> list[dict[str, Any]]:
    names = [field.attname for field in rows.model._meta.concrete_fields]
    shown = [name for name in names if name not in _SECRETS]
    return list(rows.order_by("pk").values(*shown)[:limit])


def _as_json(value: object, indent: int | None = None) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=indent).encode()


def _readme() -> str:
    return _(
        "What this site holds of you.\n\n"
        "account.json: your account, your logins, and what is of no instance.\n"
        "A folder for each instance: rows has the rows that name you, by table and column "
        "(memberships, figures of usage, keys, documents that you added…); conversations has "
        "your conversations as they are read (.md) and with all their versions (.json), and the "
        "files attached to them.\n\n"
        "Left out: passwords, keys and other secrets; the content of documents, which are the "
        "instance's; the audit log, of which the administrators of your organisation give "
        "extracts.\n"
    )


class _Sink(io.RawIOBase):
    """What the archive has written and nobody has taken yet."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, block: Any, /) -> int:
        self._blocks.append(bytes(block))
        return len(block)

    def take(self) -> bytes:
        """Return it, and forget it."""
        taken, self._blocks = b"".join(self._blocks), []
        return taken
