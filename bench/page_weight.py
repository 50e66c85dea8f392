"""Measure the first view of a conversation on a slow network and a slow processor; print JSON.

    python -m bench.page_weight [--rounds 3] [--kbps 400] [--latency-ms 0] [--cpu 4]

A browser with an empty cache opens a conversation with an answer. It is interactive when
``<chat-app>`` has bound its elements, which marks the thread with ``data-ready``.
"""

import argparse
import asyncio
import json
import shutil
import statistics
from dataclasses import asdict, dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from bench.answers import upload_corpus
from bench.corpus import questions
from bench.sse import events, post_json
from bench.stack import Stack, paced_llm, running_stack

READY = "document.querySelector('[data-thread][data-ready]')"
NOTE_READY = f"""
new MutationObserver((_, observer) => {{
  if (!{READY}) return;
  window.readyMs = performance.now();
  observer.disconnect();
}}).observe(document, {{ subtree: true, childList: true, attributeFilter: ["data-ready"] }});
"""


@dataclass(frozen=True)
class Conditions:
    """What the browser is slowed down to."""

    kbps: int
    latency_ms: int
    cpu: float


@dataclass(frozen=True)
class View:
    """One view: milliseconds to the first paint and until interactive; requests and KB, as sent."""

    first_paint_ms: float
    interactive_ms: float
    requests: int
    fonts_kb: float
    others_kb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kbps", type=int, default=400)
    parser.add_argument("--latency-ms", type=int, default=0)
    parser.add_argument("--cpu", type=float, default=4)
    options = parser.parse_args()
    conditions = Conditions(options.kbps, options.latency_ms, options.cpu)
    with paced_llm() as llm, running_stack(llm_base_url=llm) as stack:
        upload_corpus(stack, 4)
        url = asyncio.run(conversation(stack))
        with sync_playwright() as playwright:
            program = shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            views = [view(browser, stack, url, conditions) for _ in range(options.rounds)]
            browser.close()
    median = statistics.median(one.interactive_ms for one in views)
    print(json.dumps({"interactive_ms": median, "views": list(map(asdict, views))}, indent=2))


async def conversation(stack: Stack) -> str:
    """Ask a question, wait for the whole answer, and return the conversation's address."""
    headers = stack.browser_headers()
    url = f"{stack.url}/i/{stack.tenancy.slug}/ask/"
    asked = await post_json(url, headers, {"question": questions()[0]})
    async for _name, _data in events("GET", stack.url + asked["events_url"], headers):
        pass
    return stack.url + str(asked["conversation_url"])


def view(browser: Browser, stack: Stack, url: str, conditions: Conditions) -> View:
    """Open ``url`` with an empty cache."""
    context = browser.new_context()
    context.add_cookies(
        [{"name": "sessionid", "value": stack.tenancy.sessions[0], "url": stack.url}]
    )
    page = context.new_page()
    page.add_init_script(NOTE_READY)
    sizes = slow_down(page, conditions)
    page.goto(url)
    page.wait_for_function("window.readyMs", timeout=120_000)
    page.wait_for_load_state("networkidle")
    first_paint_ms, interactive_ms = page.evaluate(
        "[performance.getEntriesByName('first-contentful-paint')[0].startTime, window.readyMs]"
    )
    context.close()
    fonts = sum(size for address, size in sizes.items() if ".woff2" in address)
    return View(
        round(first_paint_ms),
        round(interactive_ms),
        len(sizes),
        round(fonts / 1000, 1),
        round((sum(sizes.values()) - fonts) / 1000, 1),
    )


def slow_down(page: Page, conditions: Conditions) -> dict[str, int]:
    """Throttle the page; return the bytes of each address, which grow as it is loaded."""
    sizes: dict[str, int] = {}
    addresses: dict[str, str] = {}
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    bytes_per_s = conditions.kbps * 1000 / 8
    devtools.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": conditions.latency_ms,
            "downloadThroughput": bytes_per_s,
            "uploadThroughput": bytes_per_s,
        },
    )
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": conditions.cpu})
    devtools.on(
        "Network.requestWillBeSent",
        lambda event: addresses.update({event["requestId"]: event["request"]["url"]}),
    )
    devtools.on(
        "Network.loadingFinished",
        lambda event: sizes.update(
            {addresses[event["requestId"]]: int(event["encodedDataLength"])}
        ),
    )
    return sizes


if __name__ == "__main__":
    main()
