"""Factories whose rows are written inside their instance, and whose children share it.

Those of ``evaluation``, ``inference``, ``sources``, ``usage``, of indexes and of scans are in
``factories.py`` beside their tests.
"""

import hashlib
from datetime import timedelta
from typing import Any

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.django import DjangoModelFactory

from chat.models import (
    Citation,
    Conversation,
    ConversationFolder,
    Feedback,
    Message,
    ReusableAnswer,
    SharedConversation,
)
from ingestion.models import (
    Chunk,
    Document,
    DocumentPage,
)
from instances.models import (
    AccessRule,
    ApiKey,
    Identity,
    Instance,
    Invitation,
    Membership,
    Organisation,
    OrganisationAdministrator,
)
from instances.tenancy import tenant
from people.models import User

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    password = factory.django.Password(PASSWORD)


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = Organisation

    slug = factory.Sequence(lambda n: f"university-{n}")
    name = factory.Sequence(lambda n: f"Université {n}")


class InstanceFactory(DjangoModelFactory):
    class Meta:
        model = Instance

    organisation = factory.SubFactory(OrganisationFactory)
    slug = factory.Sequence(lambda n: f"instance-{n}")
    name = factory.Sequence(lambda n: f"Instance {n}")


class TenantFactory(DjangoModelFactory):
    """A row of a tenant table; ``instance`` is made when it is not given."""

    class Meta:
        abstract = True

    instance = factory.SubFactory(InstanceFactory)

    @classmethod
    def _create(cls, model_class: type, *args: Any, **kwargs: Any) -> Any:
        with tenant(kwargs["instance"]):
            return super()._create(model_class, *args, **kwargs)


def in_same_instance(factory_class: type[TenantFactory], **kwargs: Any) -> factory.SubFactory:
    """A parent of the same instance as its child."""
    return factory.SubFactory(factory_class, instance=factory.SelfAttribute("..instance"), **kwargs)


class MembershipFactory(TenantFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)


class AccessRuleFactory(TenantFactory):
    """A rule for the whole organisation of the instance."""

    class Meta:
        model = AccessRule

    audience = AccessRule.Audience.ORGANISATION
    affiliations = factory.LazyFunction(list)


class InvitationFactory(TenantFactory):
    """An invitation with an unknown link."""

    class Meta:
        model = Invitation

    digest = factory.Sequence(lambda n: hashlib.sha256(f"invitation {n}".encode()).hexdigest())
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))


class OrganisationAdministratorFactory(DjangoModelFactory):
    class Meta:
        model = OrganisationAdministrator

    organisation = factory.SubFactory(OrganisationFactory)
    user = factory.SubFactory(UserFactory)


class IdentityFactory(DjangoModelFactory):
    """A member of staff, of no organisation in particular."""

    class Meta:
        model = Identity

    user = factory.SubFactory(UserFactory)
    source = factory.Sequence(lambda n: f"saml:{n}")
    affiliations = ["staff"]
    asserted_at = factory.LazyFunction(timezone.now)


class ApiKeyFactory(TenantFactory):
    """A key with an unknown plaintext; ``create_api_key`` makes usable ones."""

    class Meta:
        model = ApiKey

    name = "A program"
    prefix = "rag_abcd"
    digest = factory.Sequence(lambda n: hashlib.sha256(f"key {n}".encode()).hexdigest())


class DocumentFactory(TenantFactory):
    """A ready document with a small file, whose bytes are ``content``."""

    class Meta:
        model = Document

    class Params:
        content = factory.LazyAttribute(lambda document: f"Text of {document.name}.".encode())

    name = factory.Sequence(lambda n: f"document-{n}.txt")
    media_type = "text/plain"
    size_bytes = factory.LazyAttribute(lambda document: len(document.content))
    sha256 = factory.LazyAttribute(lambda document: hashlib.sha256(document.content).hexdigest())
    file = factory.LazyAttribute(lambda document: ContentFile(document.content, name=document.name))
    status = Document.Status.READY
    pages = 1


class DocumentPageFactory(TenantFactory):
    class Meta:
        model = DocumentPage

    document = in_same_instance(DocumentFactory)
    number = factory.Sequence(lambda n: n + 1)
    text = "The registry opens at nine o'clock."


class ChunkFactory(TenantFactory):
    """A passage that is not embedded yet; give ``embedding`` and ``terms`` to have it found."""

    class Meta:
        model = Chunk

    document = in_same_instance(DocumentFactory)
    position = factory.Sequence(lambda n: n)
    text = "The registry opens at nine o'clock."
    page_start = 1
    page_end = 1
    char_start = 0
    char_end = factory.LazyAttribute(lambda chunk: chunk.char_start + len(chunk.text))
    token_count = factory.LazyAttribute(lambda chunk: len(chunk.text.split()))


class ConversationFolderFactory(TenantFactory):
    class Meta:
        model = ConversationFolder

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Folder {n}")


class ConversationFactory(TenantFactory):
    class Meta:
        model = Conversation

    user = factory.SubFactory(UserFactory)
    title = "Opening hours"


class MessageFactory(TenantFactory):
    """A question; pass ``role`` and ``parent`` for its answer."""

    class Meta:
        model = Message

    conversation = in_same_instance(ConversationFactory)
    role = Message.Role.USER
    content = "When does the registry open?"


class CitationFactory(TenantFactory):
    class Meta:
        model = Citation

    message = in_same_instance(
        MessageFactory, role=Message.Role.ASSISTANT, content="At nine o'clock [1]."
    )
    number = 1
    document = in_same_instance(DocumentFactory)
    document_name = factory.SelfAttribute("document.name")
    document_title = factory.SelfAttribute("document.proper_title")
    page_start = 1
    page_end = 1
    char_start = 0
    char_end = factory.LazyAttribute(lambda citation: len(citation.text))
    text = "The registry opens at nine o'clock."
    score = 1.0


class FeedbackFactory(TenantFactory):
    class Meta:
        model = Feedback

    message = in_same_instance(MessageFactory, role=Message.Role.ASSISTANT, content="At nine.")
    user = factory.SubFactory(UserFactory)
    helpful = True


class SharedConversationFactory(TenantFactory):
    class Meta:
        model = SharedConversation

    conversation = in_same_instance(ConversationFactory)
    leaf = in_same_instance(
        MessageFactory,
        conversation=factory.SelfAttribute("..conversation"),
        role=Message.Role.ASSISTANT,
        content="At nine o'clock.",
    )


class ReusableAnswerFactory(TenantFactory):
    class Meta:
        model = ReusableAnswer

    message = in_same_instance(MessageFactory, role=Message.Role.ASSISTANT, content="At nine [1].")
    digest = factory.Sequence(lambda n: hashlib.sha256(f"prompt {n}".encode()).hexdigest())
