"""Celery tasks: refresh feeds and providers, delete what has expired, end sessions."""

import logging

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.logins import sessions
from accounts.logins.models.identity_providers import MetadataFeed
from accounts.logins.models.sessions import OidcSession, SamlSession
from accounts.oidc import registration
from accounts.oidc.errors import ProviderUnreachable
from accounts.saml.errors import MetadataRefused
from accounts.saml.metadata.feeds import refresh_feed
from accounts.saml.models import SamlPost, SamlReplay, SamlRequest
from instances.rules.matching import reevaluate_person
from people.models import User

logger = logging.getLogger(__name__)


@shared_task(name="accounts.tasks.refresh_feeds")
def refresh_feeds() -> None:
    """Enqueue the refresh of every enabled feed."""
    for pk in MetadataFeed.objects.filter(is_enabled=True).values_list("pk", flat=True):
        refresh_one_feed.delay(pk)


@shared_task(name="accounts.tasks.refresh_one_feed")
def refresh_one_feed(feed_id: int) -> None:
    """Refresh one feed; if it is refused, its row keeps the former data and gets the reason."""
    feed = MetadataFeed.objects.filter(pk=feed_id, is_enabled=True).first()
    if feed is None:
        return
    try:
        logger.info("feed %s: %s", feed.name, refresh_feed(feed))
    except MetadataRefused as error:
        logger.error("feed %s refused: %s", feed.name, error)


@shared_task(name="accounts.tasks.refresh_oidc_providers")
def refresh_oidc_providers() -> None:
    """Read the discovery document of all providers; on an error, the former data is kept."""
    for app in registration.providers():
        try:
            registration.refresh(app)
        except ProviderUnreachable as error:
            logger.warning("%s was not refreshed: %s", app.provider_id, error)


@shared_task(name="accounts.tasks.reevaluate_memberships")
def reevaluate_memberships(user_ids: list[int]) -> None:
    """Re-evaluate the memberships that access rules granted. Deleted users are skipped."""
    for user in User.objects.filter(pk__in=user_ids):
        reevaluate_person(user)


@shared_task(name="accounts.tasks.forget_expired")
def forget_expired() -> None:
    """Delete expired logins, responses, replays and sessions."""
    SessionStore.clear_expired()
    for model in (SamlPost, SamlRequest, SamlReplay, SamlSession, OidcSession):
        model._default_manager.filter(expires_at__lt=timezone.now()).delete()


@shared_task(name="accounts.tasks.end_sessions_of_disabled")
def end_sessions_of_disabled() -> None:
    """End the sessions whose rule, organisation, provider or user is disabled."""
    if ended := sessions.end_sessions_of_disabled():
        logger.info("%s sessions ended", ended)
