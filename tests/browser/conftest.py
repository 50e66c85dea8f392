"""A real browser on the real site: uvicorn serves the ASGI application on a loopback port.

While Playwright's browser is up its event loop counts as running in the tests' thread; Django is
configured to allow queries there.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import socket
from threading import Thread
from typing import Any

import pytest
import uvicorn
from django.conf import settings as django_settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from inference.llm.connections import close_shared_client
from people.models import User
from ragapp.asgi import application

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, one a module."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Server(uvicorn.Server):
    """Uvicorn in a thread, with an event set when it listens."""

    def install_signal_handlers(self) -> None:
        """Leave signal handlers to pytest."""

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Close the connections to models too, before their event loop ends."""
        await super().shutdown(sockets)
        await close_shared_client()


@pytest.fixture
def site(transactional_db: None, settings: Any) -> Iterator[str]:
    """The address of the running site, without a slash at its end."""
    config = uvicorn.Config(
        ASGIStaticFilesHandler(application),
        port=0,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
    server = Server(config)
    listener = config.bind_socket()
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    settings.SITE_URL = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield settings.SITE_URL
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture
def page_for(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """``page_for(user, locale=…, scheme=…, width=…, height=…, scripts=…)``: a page, logged in.

    ``bypass_csp`` is for pages of Django on which axe itself violates the content policy.
    ``user`` may be None. At the end, no page may have thrown an error, violated the content
    policy, or requested anything from another site.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        user: User,
        *,
        locale: str = "en-GB",
        scheme: str = "light",
        width: int = 1440,
        height: int = 900,
        scripts: bool = True,
        bypass_csp: bool = False,
    ) -> Page:
        context = browser.new_context(
            base_url=site,
            locale=locale,
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport={"width": width, "height": height},
            java_script_enabled=scripts,
            bypass_csp=bypass_csp,
        )
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            name = django_settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"threw: {error}"))
        page.on("console", lambda message: _note_policy(complaints, message.text))
        page.on("request", lambda request: _note_foreign(complaints, request.url, site))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def _note_policy(complaints: list[str], text: str) -> None:
    if "Content Security Policy" in text:
        complaints.append(text)


def _note_foreign(complaints: list[str], url: str, site: str) -> None:
    if not url.startswith((site, "data:", "blob:")):
        complaints.append(f"asked {url}")


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """``axe(page)``: the violations that axe-core finds, one a line."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci)")
    source = AXE.read_text()

    def violations(page: Page) -> list[str]:
        page.evaluate(source)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]

    return violations
