"""Words that exist in one instance only, and a snapshot of all rows of an instance."""

from administration.lifecycle.contents import tenant_models
from instances.models import Instance
from instances.tenancy import tenant
from people.models import User
from tests import factories
from tests.ingestion.factories import (
    AcronymFactory,
    CorpusStatisticsFactory,
    IndexGenerationFactory,
    ScannedPageFactory,
    ShardListFactory,
    TermStatisticsFactory,
    TranscribedPartFactory,
)
from tests.sources.factories import SourceFactory, SourceItemFactory, SourceRunFactory
from tests.usage.factories import UsageRecordFactory

CANARY = "Coelacanthe"


def fill(instance: Instance, user: User) -> None:
    """Put the canary into every field that people write in an instance, as ``user``."""
    document = factories.DocumentFactory(
        instance=instance,
        name=f"{CANARY}.txt",
        folder=CANARY,
        title=CANARY,
        content=f"Text of {CANARY}.".encode(),
        uploaded_by=user,
    )
    factories.DocumentPageFactory(instance=instance, document=document, text=CANARY)
    ScannedPageFactory(instance=instance, document=document, words=[CANARY])
    TranscribedPartFactory(instance=instance, document=document, said=[CANARY])
    chunk = factories.ChunkFactory(
        instance=instance, document=document, text=CANARY, heading=CANARY, page_start=1
    )
    conversation = factories.ConversationFactory(instance=instance, user=user, title=CANARY)
    question = factories.MessageFactory(
        instance=instance, conversation=conversation, content=f"{CANARY}?"
    )
    answer = factories.MessageFactory(
        instance=instance,
        conversation=conversation,
        parent=question,
        role="assistant",
        content=f"{CANARY}.",
        search_query=CANARY,
    )
    factories.CitationFactory(
        instance=instance,
        message=answer,
        document=document,
        chunk=chunk,
        document_name=f"{CANARY}.txt",
        document_title=CANARY,
        text=CANARY,
        quote=CANARY,
    )
    factories.FeedbackFactory(instance=instance, message=answer, user=user, comment=CANARY)
    factories.ApiKeyFactory(instance=instance, name=CANARY)
    UsageRecordFactory(instance=instance, user=user, request_id=answer.pk)
    factories.InvitationFactory(instance=instance, note=CANARY)
    CorpusStatisticsFactory(instance=instance)
    TermStatisticsFactory(instance=instance)
    AcronymFactory(instance=instance, document=document)
    IndexGenerationFactory(instance=instance)
    ShardListFactory(instance=instance)
    factories.AccessRuleFactory(instance=instance)
    source = SourceFactory(instance=instance, name=CANARY, folder=CANARY, created_by=user)
    run = SourceRunFactory(
        instance=instance,
        source=source,
        lines=[{"name": CANARY, "url": "", "outcome": "added", "code": ""}],
    )
    SourceItemFactory(
        instance=instance, source=source, run=run, document=document, name=CANARY, key=CANARY
    )


def picture(instance: Instance) -> dict[str, list[str]]:
    """Every row of an instance, by table."""
    with tenant(instance):
        return {
            model._meta.label: sorted(str(row) for row in model._base_manager.values_list())
            for model in tenant_models()
        }
