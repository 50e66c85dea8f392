"""What people and programs see when something fails."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.asgi import get_asgi_application
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpResponseNotAllowed
from django.test import Client, RequestFactory
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from ragapp import urls as site
from tests.cast import make_cast
from tests.isolation.recording import Recorder
from web import error_pages

ACCEPT = {"page": "text/html,*/*;q=0.8", "json": "application/json"}


def raising(exception):
    """A synchronous view and an asynchronous one that raise ``exception``."""

    def view(request):
        raise exception

    async def async_view(request):
        raise exception

    return view, async_view


RAISED = {
    "bad-request": (400, raising(BadRequest("no"))),
    "forbidden": (403, raising(PermissionDenied("Not yours."))),
    "missing": (404, raising(Http404())),
    "too-big-body": (413, raising(RequestDataTooBig())),
    "bug": (500, raising(ValueError("a secret of ours"))),
    "no-database": (503, raising(OperationalError("no connection"))),
}


@require_POST
def only_post(request):
    raise AssertionError("never reached")


def rate_limited(request):
    return error_pages.too_many_requests(request)


async def async_rate_limited(request):
    return error_pages.too_many_requests(request)


handler400, handler403 = site.handler400, site.handler403
handler404, handler500 = site.handler404, site.handler500
urlpatterns = [
    *site.urlpatterns,
    path("only-post/", only_post),
    path("rate-limited/", rate_limited),
    path("async-rate-limited/", async_rate_limited),
    *(path(f"{name}/", views[0]) for name, (_status, views) in RAISED.items()),
    *(path(f"async-{name}/", views[1]) for name, (_status, views) in RAISED.items()),
]


@pytest.fixture
def browser(settings):
    settings.ROOT_URLCONF = __name__
    settings.SUPPORT_CONTACT = "help@example.org"
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/nowhere/", 404, "not_found"),
        ("/only-post/", 405, "method_not_allowed"),
        ("/too-big-body/", 413, "too_large"),
        ("/bug/", 500, "server_error"),
        ("/no-database/", 503, "unavailable"),
    ],
)
def test_error_page_says_what_to_do(db, browser, url, status, code):
    page = browser.get(url, headers={"accept": "text/html,*/*;q=0.8"})
    assert page.status_code == status
    assert page.text.count("<h1") == 1
    assert page["X-Correlation-Id"] in page.text
    assert "help@example.org" in page.text
    assert "a secret of ours" not in page.text
    answer = browser.get(url, headers={"accept": "application/json"})
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code


def test_error_page_without_database_runs_no_query(db, browser, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = browser.get("/no-database/")
    assert page["Retry-After"] == "60"


def test_forbidden_page_names_whom_to_ask(cast, browser):
    browser.force_login(cast.teammate)
    page = browser.get(
        reverse("administration:general", args=["law"]), headers={"accept-language": "en"}
    )
    assert page.status_code == 403
    assert f"Ask an administrator: {cast.owner.display_name}." in page.text
    assert "Faculté de droit" in page.text
    browser.force_login(cast.stranger)
    missing = browser.get("/i/law/", headers={"accept-language": "en"})
    assert "ask them to add you to the instance" in missing.text
    assert cast.owner.display_name not in missing.text


def test_form_of_another_site_is_refused_with_an_explanation(cast, settings):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.owner)
    page = browser.post(reverse("preferences"), headers={"accept-language": "en"})
    assert page.status_code == 403
    assert "reload it and try again" in page.text


def unavailable(request):
    try:
        raise OperationalError("no connection")
    except OperationalError:
        return error_pages.server_error(request)


# Each handler, called as Django, allauth or our middleware calls it.
HANDLERS = {
    "400": (400, lambda request: error_pages.bad_request(request, BadRequest())),
    "403": (403, lambda request: error_pages.forbidden(request, PermissionDenied())),
    "csrf": (403, error_pages.csrf_failure),
    "404": (404, lambda request: error_pages.not_found(request, Http404())),
    "405": (
        405,
        lambda request: error_pages.method_not_allowed(request, HttpResponseNotAllowed(["POST"])),
    ),
    "413": (413, lambda request: error_pages.bad_request(request, RequestDataTooBig())),
    "429": (429, error_pages.too_many_requests),
    "500": (500, error_pages.server_error),
    "503": (503, unavailable),
}


def test_every_error_template_is_rendered_by_a_handler_of_this_guard():
    (folder,) = django_settings.TEMPLATES[0]["DIRS"]
    templates = {int(file.stem) for file in Path(folder).glob("[45][0-9][0-9].html")}
    assert templates == {status for status, _handler in HANDLERS.values()}


@pytest.fixture
def session_key(transactional_db) -> str:
    """The session of a member, logged in."""
    client = Client()
    client.force_login(make_cast().teammate)
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


def request_with(session_key: str, accept: str, *, loads_user: bool) -> Any:
    request = RequestFactory().post("/somewhere/", headers={"accept": accept})
    request.COOKIES[django_settings.SESSION_COOKIE_NAME] = session_key
    SessionMiddleware(lambda _request: None).process_request(request)
    AuthenticationMiddleware(lambda _request: None).process_request(request)
    if loads_user:
        assert request.user.is_authenticated
    return request


@pytest.mark.parametrize("accept", ACCEPT.values(), ids=ACCEPT.keys())
@pytest.mark.parametrize("loads_user", [True, False], ids=["user loaded", "user not loaded"])
@pytest.mark.parametrize("name", HANDLERS)
async def test_no_error_page_runs_a_query(session_key, name, loads_user, accept):
    """Django raises SynchronousOnlyOperation at the first query in the event loop."""
    status, handler = HANDLERS[name]
    request = await sync_to_async(request_with)(session_key, accept, loads_user=loads_user)
    response = handler(request)
    assert response.status_code == status
    if accept == ACCEPT["json"]:
        assert json.loads(response.content)["error"]["message"]
    else:
        assert response.text.count("<h1") == 1
        assert ("teammate</span>" in response.text) is loads_user


FAILING = {
    f"{prefix}{name}": status
    for prefix in ("", "async-")
    for name, status in (
        *((name, status) for name, (status, _views) in RAISED.items()),
        ("rate-limited", 429),
    )
} | {"only-post": 405, "nowhere": 404}


def asgi_client(cookies: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(get_asgi_application(), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies)


@pytest.fixture
def recorder(session_key: str) -> Iterator[Recorder]:
    """Installed after the session is there."""
    recorder = Recorder()
    with recorder.installed():
        yield recorder


def tables(recorder: Recorder) -> set[str]:
    """The tables that statements began to read from; "" for what reads none."""
    return {
        one.sql.partition('FROM "')[2].partition('"')[0]
        for one in recorder.statements
        if one.sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
    }


@pytest.mark.parametrize("accept", ACCEPT.values(), ids=ACCEPT.keys())
@pytest.mark.parametrize("is_logged_in", [True, False], ids=["logged in", "not logged in"])
@pytest.mark.parametrize("name", FAILING)
async def test_error_over_asgi_loads_the_user_at_most(
    session_key, recorder, settings, name, is_logged_in, accept
):
    settings.ROOT_URLCONF = __name__
    cookies = {settings.SESSION_COOKIE_NAME: session_key} if is_logged_in else {}
    async with asgi_client(cookies) as client:
        with recorder.at(name):
            response = await client.get(f"/{name}/", headers={"accept": accept})
    assert response.status_code == FAILING[name]
    assert tables(recorder) == ({"django_session", "people_user"} if is_logged_in else set())
    assert "a secret of ours" not in response.text
    if accept == ACCEPT["page"]:
        assert ("teammate</span>" in response.text) is is_logged_in


@pytest.mark.parametrize("accept", ACCEPT.values(), ids=ACCEPT.keys())
@pytest.mark.parametrize("is_logged_in", [True, False], ids=["logged in", "not logged in"])
@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
async def test_refused_form_over_asgi_is_a_403_with_an_explanation(
    session_key, form, is_logged_in, accept
):
    cookies = {django_settings.SESSION_COOKIE_NAME: session_key} if is_logged_in else {}
    body: dict[str, Any] = {"data": {"language": "fr"}}
    if form == "multipart":
        body["files"] = {"file": ("a.txt", b"text")}
    async with asgi_client(cookies) as client:
        response = await client.post(
            "/i18n/setlang/", headers={"accept": accept, "accept-language": "en"}, **body
        )
    assert response.status_code == 403
    assert "Traceback" not in response.text
    if accept == ACCEPT["json"]:
        assert response.json()["error"]["code"] == "csrf"
    else:
        assert "reload it and try again" in response.text
        assert ("teammate</span>" in response.text) is is_logged_in
