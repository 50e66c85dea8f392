"""Count the contents of an instance: rows in all tables, files in the storage."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.core.files.storage import Storage, default_storage
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from instances.models import Instance, InstanceOwnedModel
from instances.tenancy import tenant

FILES, BYTES = "files", "bytes"

# Labels of the tables; a table without one is shown by its own name.
LABELS: dict[str, Promise] = {
    "ingestion_document": _("Documents"),
    "ingestion_documentpage": _("Pages of text"),
    "ingestion_scannedpage": _("Pages read by OCR"),
    "ingestion_transcribedpart": _("Transcribed parts of recordings"),
    "ingestion_resumableupload": _("Files sent in pieces"),
    "ingestion_chunk": _("Passages, with their vectors"),
    "ingestion_corpusstatistics": _("Statistics of the documents"),
    "ingestion_termstatistics": _("Words of the search index"),
    "ingestion_acronym": _("Acronyms that documents expand"),
    "ingestion_indexgeneration": _("Search indexes"),
    "ingestion_indexshard": _("Parts of the index of a large instance"),
    "ingestion_shardlist": _("Lists of the index of a large instance"),
    "sources_source": _("Sources of documents"),
    "sources_sourcerun": _("Runs of sources"),
    "sources_sourceitem": _("Items of sources"),
    "chat_conversation": _("Conversations"),
    "chat_conversationfolder": _("Folders of conversations"),
    "chat_message": _("Questions and answers"),
    "chat_citation": _("Citations"),
    "chat_sharedconversation": _("Conversations shared by link"),
    "chat_reusableanswer": _("Answers that may be given again"),
    "chat_feedback": _("Ratings of answers"),
    "evaluation_goldenquestion": _("Golden questions"),
    "evaluation_evaluationrun": _("Runs of golden questions"),
    "evaluation_evaluationresult": _("Results of golden questions"),
    "evaluation_evaluationpolicy": _("Schedule of golden questions"),
    "evaluation_heldchange": _("Changes tried on golden questions"),
    "usage_usagerecord": _("Records of usage"),
    "usage_pendingusage": _("Records of usage not summed yet"),
    "usage_dailyusage": _("Daily sums of usage"),
    "usage_quota": _("Quotas"),
    "usage_quotacounter": _("Counters of quotas"),
    "usage_quotacharge": _("Charges of quotas"),
    "usage_dailysubject": _("Daily sums of usage by subject"),
    "usage_dailyduration": _("Daily counts of answers by time"),
    "usage_dailyperson": _("Daily counts of people"),
    "usage_monthlyusage": _("Monthly sums of usage"),
    "usage_monthlysubject": _("Monthly sums of usage by subject"),
    "usage_monthlyduration": _("Monthly counts of answers by time"),
    "usage_monthlyperson": _("Monthly counts of people"),
    "instances_membership": _("Members"),
    "inference_modelrules": _("Rules about models"),
    "instances_accessrule": _("Access rules"),
    "instances_invitation": _("Invitations"),
    "instances_apikey": _("API keys"),
    "accounts_loginrule": _("Login rules"),
    "instances_charter": _("Versions of its usage charter"),
    "instances_instancetotals": _("Its totals"),
    FILES: _("Files in the storage"),
    BYTES: _("Bytes in the storage"),
}


@dataclass(frozen=True)
class StoredFiles:
    """The files stored under an instance's primary key."""

    files: int
    bytes: int


def tenant_models(base: type[models.Model] = InstanceOwnedModel) -> Iterator[type[models.Model]]:
    """Every concrete model whose rows belong to an instance."""
    for model in base.__subclasses__():
        if not model._meta.abstract:
            yield model
        yield from tenant_models(model)


def models_of_instance() -> list[type[models.Model]]:
    """Every model whose rows are deleted with their instance."""
    found = {
        field.related_model
        for field in Instance._meta.get_fields(include_hidden=True)
        if field.related_model and getattr(field, "on_delete", None) is models.CASCADE
    }
    return sorted(found, key=lambda model: model._meta.db_table)


def contents_of(instance: Instance, kinds: Collection[str]) -> dict[str, int]:
    """Count the rows of each kind in the instance; a kind is a model's name in lower case."""
    models_by_kind = {model.__name__.lower(): model for model in tenant_models()}
    with tenant(instance):
        return {
            kind: models_by_kind[kind]._default_manager.filter(instance=instance).count()
            for kind in kinds
        }


def count_everything(instance_id: int) -> dict[str, int]:
    """Count the rows of the instance in each table, and its files: ``{table: n}``.

    Also works after the instance was deleted.
    """
    with tenant(instance_id):
        counts = {
            # Not the default manager, which leaves out attachments of conversations.
            model._meta.db_table: model._base_manager.filter(instance=instance_id).count()
            for model in models_of_instance()
        }
    stored = stored_files(instance_id)
    return counts | {FILES: stored.files, BYTES: stored.bytes}


def stored_files(instance_id: int) -> StoredFiles:
    """Count the files stored under the instance's primary key."""
    sizes = [default_storage.size(path) for path in walk(default_storage, str(instance_id))]
    return StoredFiles(files=len(sizes), bytes=sum(sizes))


def walk(storage: Storage, directory: str) -> Iterator[str]:
    """The paths of all files under a directory of the storage; none if it does not exist."""
    try:
        directories, files = storage.listdir(directory)
    except FileNotFoundError:
        return
    for name in directories:
        yield from walk(storage, f"{directory}/{name}")
    for name in files:
        yield f"{directory}/{name}"
