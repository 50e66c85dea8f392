"""Feeds: their entries become documents, and stay when they leave the feed."""

from collections.abc import Callable

import pytest

from sources.models import Source, SourceRun
from tests.sources.scripted_site import ScriptedSite

pytestmark = pytest.mark.usefixtures("closed_connections")
Run = Callable[[Source], SourceRun]
Contents = Callable[[], dict[str, str]]

RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>News</title>{items}</channel></rss>"""
ITEM = """<item><title>{title}</title><link>{url}</link><guid isPermaLink="false">{title}-1</guid>
<pubDate>Mon, 30 Nov 2026 08:00:00 GMT</pubDate>
<content:encoded><![CDATA[<p>Text of {title} &amp; more.</p>]]></content:encoded></item>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title>
<entry><id>urn:1</id><title>Thesis <!-- --> prize</title><link rel="self" href="{url}/self"/>
<link href="/prize.html"/><updated>{updated}</updated><summary>Short.</summary></entry>
<entry><id>urn:2</id><title>No page</title><updated>2026-11-01T00:00:00Z</updated>
<content type="html">&lt;p&gt;All of the text.&lt;/p&gt;</content></entry></feed>"""  # fmt: skip


def items(site: ScriptedSite, *titles: str) -> str:
    return RSS.format(
        items="".join(ITEM.format(title=title, url=f"{site.url}/{title}") for title in titles)
    )


def test_text_of_entries_becomes_documents_that_stay(
    site: ScriptedSite, make_source: Callable[..., Source], run_once: Run, contents: Contents
) -> None:
    site.put("/feed", items(site, "one", "two"), media_type="application/rss+xml")
    source = make_source("feed", url=f"{site.url}/feed", reads_pages=False)
    assert run_once(source).added == 2
    site.put("/feed", items(site, "two", "three"), media_type="application/rss+xml")
    run = run_once(source)
    assert (run.added, run.unchanged, run.removed) == (1, 1, 0)
    found = contents()
    assert set(found) == {"one.html", "two.html", "three.html"}
    assert "<p>Text of one &amp; more.</p>" in found["one.html"]


def test_pages_of_entries_are_read_and_read_again_when_the_entry_is_updated(
    site: ScriptedSite, make_source: Callable[..., Source], run_once: Run, contents: Contents
) -> None:
    def feed(updated: str) -> None:
        site.put("/atom", ATOM.format(url=site.url, updated=updated), media_type="text/xml")

    feed("2026-11-01T00:00:00Z")
    site.put("/prize.html", f"<nav>Menu</nav><main><p>{'The prize of 2026. ' * 20}</p></main>")
    source = make_source("feed", url=f"{site.url}/atom", reads_pages=True)
    assert run_once(source).added == 2
    found = contents()
    assert set(found) == {"Thesis prize.html", "No page.html"}
    assert "The prize of 2026." in found["Thesis prize.html"]
    assert "Menu" not in found["Thesis prize.html"]
    site.requests.clear()
    run_once(source)
    assert site.paths() == ["/atom"]
    feed("2026-11-02T00:00:00Z")
    site.put("/prize.html", f"<main><p>{'The prize of 2027. ' * 20}</p></main>")
    assert run_once(source).changed == 1
    assert "The prize of 2027." in contents()["Thesis prize.html"]


@pytest.mark.parametrize(
    "body",
    [
        "<html><body>Not a feed</body></html>",
        "not XML at all",
        "",
        '<!DOCTYPE rss [<!ENTITY a "b">]><rss><channel>&a;</channel></rss>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss>&x;</rss>',
    ],
    ids=["HTML", "text", "nothing", "entity", "file"],
)
def test_what_is_no_feed_fails_with_a_reason(
    site: ScriptedSite, make_source: Callable[..., Source], run_once: Run, body: str
) -> None:
    site.put("/feed", body)
    run = run_once(make_source("feed", url=f"{site.url}/feed", reads_pages=True))
    assert (run.status, run.error_code) == ("failed", "invalid_answer")
