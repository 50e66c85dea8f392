"""Every page of the site, found by walking its URLs, and values for their arguments.

A new argument gets its value in ``values_inside``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from allauth.socialaccount.models import SocialApp
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import IdentityProvider, LoginRule, MetadataFeed
from instances.models import Charter, Instance, InstanceRequest, Organisation
from instances.tenancy import tenant
from tests import factories
from tests.cast import Cast
from tests.evaluation.factories import (
    EvaluationRunFactory,
    GoldenQuestionFactory,
    HeldChangeFactory,
)
from tests.inference.factories import BackendFactory, LanguageModelFactory, ServerJobFactory
from tests.ingestion.factories import ResumableUploadFactory
from tests.sources.factories import SourceFactory
from usage.models import Quota


@dataclass(frozen=True)
class Page:
    """A URL pattern of the site."""

    name: str
    route: str
    converters: dict[str, object]

    def path(self, values: dict[str, object]) -> str:
        """The URL with ``values`` for its arguments; any number or word for the others.

        A page that exists at several levels may have a value at each: ``site_quota_id``.
        """
        path = self.route
        level = self.name.partition(":")[2].partition("_")[0]
        for argument, converter in self.converters.items():
            value = values.get(f"{level}_{argument}", values.get(argument, 1))
            path = path.replace(f"<{type(converter).__name__}:{argument}>", str(value))
        return f"/{path}"


def pages(resolver: URLResolver, prefix: str = "", namespace: str = "") -> Iterator[Page]:
    """Every pattern written with ``path()`` below ``resolver``."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern).lstrip("^").rstrip("$")
        if isinstance(pattern, URLPattern):
            converters = pattern.pattern.converters | inherited(resolver)
            yield Page(namespace + (pattern.name or ""), normalised(route), converters)
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            pattern.inherited = inherited(resolver) | pattern.pattern.converters
            yield from pages(pattern, route, inner)


def inherited(resolver: URLResolver) -> dict[str, object]:
    return getattr(resolver, "inherited", {})


def normalised(route: str) -> str:
    """``<uuid:x>`` as ``<UUIDConverter:x>``: arguments are filled by class name."""
    for short, long in (
        ("uuid", "UUIDConverter"),
        ("int", "IntConverter"),
        ("slug", "SlugConverter"),
        ("str", "StringConverter"),
        ("path", "PathConverter"),
    ):
        route = route.replace(f"<{short}:", f"<{long}:")
    return route


ALL_PAGES = list(pages(get_resolver()))
TENANT_PAGES = [page for page in ALL_PAGES if "<SlugConverter:slug>" in page.route]


def values_inside(cast: Cast) -> dict[str, object]:
    """New rows in the cast's instance for every argument of a URL."""
    document = factories.DocumentFactory(instance=cast.instance)
    conversation = factories.ConversationFactory(instance=cast.instance, user=cast.owner)
    question = factories.MessageFactory(instance=cast.instance, conversation=conversation)
    answer = factories.MessageFactory(
        instance=cast.instance, conversation=conversation, parent=question, role="assistant"
    )
    citation = factories.CitationFactory(instance=cast.instance, message=answer, document=document)
    with tenant(cast.instance):
        member = cast.teammate.memberships.get()
    return {
        "slug": cast.instance.slug,
        "document_id": document.pk,
        "conversation_id": conversation.pk,
        "message_id": answer.pk,
        "question_id": question.pk,
        "link_id": factories.SharedConversationFactory(
            instance=cast.instance, conversation=conversation, leaf=answer
        ).pk,
        "folder_id": factories.ConversationFolderFactory(
            instance=cast.instance, user=cast.owner
        ).pk,
        "number": citation.number,
        "member_id": member.pk,
        "key_id": factories.ApiKeyFactory(instance=cast.instance).pk,
        "invitation_id": factories.InvitationFactory(instance=cast.instance).pk,
        "change_id": HeldChangeFactory(instance=cast.instance).pk,
        "run_id": EvaluationRunFactory(instance=cast.instance).pk,
        "group": EvaluationRunFactory(
            instance=cast.instance, reason="comparison", group=uuid4()
        ).group,
        "golden_id": GoldenQuestionFactory(instance=cast.instance).pk,
        "source_id": SourceFactory(instance=cast.instance).pk,
        "source_kind": "web",
        "upload_id": ResumableUploadFactory(
            instance=cast.instance, uploaded_by=cast.owner, by_key=False
        ).pk,
        "rule_id": factories.AccessRuleFactory(instance=cast.instance).pk,
        **values_around(cast, number=citation.number),
    }


def values_around(cast: Cast, *, number: int) -> dict[str, object]:
    """The same for its organisation, with a new administrator."""
    instance = cast.instance
    organisation = instance.organisation
    # Not the current charter, which everybody would have to accept first.
    for level in ({"instance": instance}, {"organisation": organisation}, {}):
        Charter.objects.get_or_create(
            **({"instance": None, "organisation": None} | level),
            version=number,
            defaults={"is_current": False},
        )
    asked = InstanceRequest.objects.create(
        organisation=organisation, requested_by=cast.editor, name="History", purpose="Archives."
    )
    administrator = factories.OrganisationAdministratorFactory(organisation=organisation)
    model = LanguageModelFactory(backend__owner=organisation)
    return {
        **_quotas(instance),
        "backend_id": model.backend_id,
        "model_id": model.pk,
        "job_id": ServerJobFactory().pk,
        "shared_id": BackendFactory().pk,
        "organisation": organisation.slug,
        "instance": instance.slug,
        "request_id": asked.pk,
        "administrator_id": administrator.pk,
        "user_id": factories.UserFactory(is_staff=True).pk,
        "kind": "csv",
        "export_format": "markdown",
        **values_of_logins(organisation),
    }


def _quotas(instance: Instance) -> dict[str, object]:
    """A quota of the site, of the organisation and of the instance, each the same as before."""
    kind = {"per": "instance", "measure": "energy", "period": "month"}
    places: dict[str, dict[str, Any]] = {
        "site": {},
        "organisation": {"organisation": instance.organisation},
        "instance": {"instance": instance},
    }
    quotas: dict[str, object] = {}
    for level, place in places.items():
        at = {"organisation": None, "instance": None} | place
        quota, _ = Quota.objects.get_or_create(**at, **kind, defaults={"amount": 10**9})
        quotas[f"{level}_quota_id"] = quota.pk
    return quotas


def values_of_logins(organisation: Organisation) -> dict[str, object]:
    """The same for the consoles of logins and accounts."""
    # They belong to the site: a second organisation gets the same.
    feed, _ = MetadataFeed.objects.get_or_create(
        url="https://federation.example/feed", defaults={"name": "Federation"}
    )
    provider, _ = IdentityProvider.objects.get_or_create(
        entity_id="https://idp.example/idp", defaults={"sso_url": "https://idp.example/sso"}
    )
    app, _ = SocialApp.objects.get_or_create(
        provider="openid_connect",
        provider_id="keycloak",
        defaults={
            "name": "Keycloak",
            "client_id": "ragapp",
            "settings": {"server_url": "https://127.0.0.1:9/realm"},
        },
    )
    rule = LoginRule.objects.create(organisation=organisation, identity_provider=provider)
    return {
        "feed_id": feed.pk,
        "identity_provider_id": provider.pk,
        "oidc_provider_id": app.pk,
        "login_rule_id": rule.pk,
        "person_id": factories.UserFactory().pk,
    }
