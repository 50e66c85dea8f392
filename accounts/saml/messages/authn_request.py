"""The state of a login from the request to the arrival of the response, stored on this side only.

The browser is bound by a cookie, the response by InResponseTo. The page to go to afterwards is in
the stored request, never in RelayState. Anonymous clients cannot fill the tables: the number of
requests and responses is limited, and the oldest are deleted.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.logins.models.identity_providers import IdentityProvider
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.policy import REFEDS_MFA
from accounts.saml.client import IdpMetadata, client_for
from accounts.saml.errors import BrowserDiffers, RequestUnknown, RequestUsed, ResponseRefused
from accounts.saml.messages.response import AuthenticatedSubject, Expected, response_request_id
from accounts.saml.models import SamlPost, SamlReplay, SamlRequest
from accounts.saml.service_provider import service_provider
from accounts.saml.signatures.algorithms import SIGNATURE_METHODS
from accounts.saml.xml import HTTP_REDIRECT
from people.models import User

REQUEST_LIFE = timedelta(minutes=30)
POST_LIFE = timedelta(seconds=60)
# Limit of requests per browser, for several tabs and repeated logins.
MAX_REQUESTS_OF_BROWSER = 10
MAX_REQUESTS = 20_000
# A stored response waits for one redirect, and takes 700 KB at most.
MAX_POSTS = 200


def digest(secret: str) -> str:
    """Return the digest of a secret, which is stored instead of the secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def metadata_of(provider: IdentityProvider) -> IdpMetadata:
    """Return the metadata of an IdP's row."""
    return IdpMetadata(provider.entity_id, provider.xml)


def begin_login(
    *,
    provider: IdentityProvider,
    rule: LoginRule,
    browser: str,
    next_url: str,
    linking_user: User | None = None,
) -> str:
    """Store a request and return the URL at the IdP to which the browser is redirected.

    ``linking_user`` is the person who adds this login to their account; None for a login.
    """
    sp = service_provider()
    client = client_for(sp, metadata_of(provider))
    request_id = f"_{secrets.token_hex(20)}"
    context = {"authn_context_class_ref": [REFEDS_MFA]} if rule.require_mfa else None
    _identifier, message = client.create_authn_request(
        provider.sso_url,
        message_id=request_id,
        assertion_consumer_service_url=sp.acs_url,
        name_id_policy=None,
        requested_authn_context=context,
        # The query string is signed, as the binding requires.
        sign=False,
    )
    bound = client.apply_binding(
        HTTP_REDIRECT,
        str(message),
        destination=provider.sso_url,
        sign=True,
        sigalg=SIGNATURE_METHODS[0],
    )
    SamlRequest.objects.create(
        request_id=request_id,
        rule=rule,
        identity_provider=provider,
        linking_user=linking_user,
        browser_digest=digest(browser),
        next_url=next_url,
        expires_at=timezone.now() + REQUEST_LIFE,
    )
    _keep_newest(
        SamlRequest.objects.filter(browser_digest=digest(browser)), MAX_REQUESTS_OF_BROWSER
    )
    _keep_newest(SamlRequest.objects.all(), MAX_REQUESTS)
    return str(dict(bound["headers"])["Location"])


def store_post(saml_response: str) -> str:
    """Store a response posted without cookies; return a single-use token to retrieve it.

    Only a response to a waiting request is stored; it replaces an earlier one. Raises
    ResponseRefused, RequestUnknown or RequestUsed.
    """
    request_id = response_request_id(saml_response)
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    SamlPost.objects.filter(expires_at__lt=now).delete()
    with transaction.atomic():
        waiting = (
            SamlRequest.objects.select_for_update()
            .filter(request_id=request_id, expires_at__gt=now)
            .first()
        )
        if waiting is None:
            raise RequestUnknown(request_id)
        if waiting.used_at is not None:
            raise RequestUsed(request_id)
        SamlPost.objects.update_or_create(
            request=waiting,
            defaults={
                "token_digest": digest(token),
                "saml_response": saml_response,
                "expires_at": now + POST_LIFE,
            },
        )
    _keep_newest(SamlPost.objects.all(), MAX_POSTS)
    return token


def retrieve_post(token: str) -> str:
    """Return a stored response and delete it. Raises RequestUsed if there is none."""
    with transaction.atomic():
        post = (
            SamlPost.objects.select_for_update()
            .filter(token_digest=digest(token), expires_at__gt=timezone.now())
            .first()
        )
        if post is None:
            raise RequestUsed("no such response")
        post.delete()
    return post.saml_response


def take_request(saml_response: str, browser: str) -> SamlRequest:
    """Return the request of a response, and mark it as answered.

    From another browser, the request stays unanswered. Raises RequestUnknown, BrowserDiffers or
    RequestUsed.
    """
    requests = SamlRequest.objects.select_related("rule__organisation", "identity_provider")
    found = requests.filter(
        request_id=response_request_id(saml_response), expires_at__gt=timezone.now()
    ).first()
    if found is None:
        raise RequestUnknown("no such request")
    if not browser or not secrets.compare_digest(found.browser_digest, digest(browser)):
        raise BrowserDiffers(found.request_id)
    # One UPDATE decides between two concurrent posts.
    if not requests.filter(pk=found.pk, used_at=None).update(used_at=timezone.now()):
        raise RequestUsed(found.request_id)
    return found


def unanswered(browser: str) -> SamlRequest | None:
    """Return the last login of a browser if it got no response: its IdP may lack our metadata."""
    if not browser:
        return None
    last = (
        SamlRequest.objects.filter(browser_digest=digest(browser), expires_at__gt=timezone.now())
        .select_related("identity_provider", "rule__organisation")
        .order_by("-pk")
        .first()
    )
    return last if last and last.used_at is None else None


def expected_of(saml_request: SamlRequest) -> Expected:
    """Return the values that the response to a stored request must have."""
    provider, rule = saml_request.identity_provider, saml_request.rule
    return Expected(
        request_id=saml_request.request_id,
        idp=metadata_of(provider),
        declared_scopes=tuple(provider.scopes),
        allowed_scopes=tuple(rule.allowed_scopes),
        mfa=rule.require_mfa,
    )


def refuse_replay(subject: AuthenticatedSubject) -> None:
    """Store the ID of an assertion; raise ResponseRefused if it has been used before."""
    key = digest(f"{subject.issuer}\0{subject.assertion.id}")
    # For longer than the assertion is accepted with any clock skew.
    expires_at = subject.assertion.expires_at + REQUEST_LIFE
    try:
        with transaction.atomic():
            SamlReplay.objects.create(digest=key, expires_at=expires_at)
    except IntegrityError as error:
        raise ResponseRefused("an assertion used before") from error


def _keep_newest(rows: QuerySet[Any], number: int) -> None:
    """Delete ``rows`` except the ``number`` that expire last."""
    older = rows.order_by("-expires_at", "-pk").values("pk")[number:]
    rows.filter(pk__in=older).delete()
