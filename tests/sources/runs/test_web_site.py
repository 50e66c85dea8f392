"""Runs of a web site that changes: what is added, changed, removed and reported."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ingestion.models import Document
from instances.models import InstanceTotals
from instances.tenancy import tenant
from sources.models import Source, SourceItem, SourceRun
from tests.cast import Cast
from tests.factories import DocumentFactory
from tests.sources.factories import SourceFactory
from tests.sources.scripted_site import ScriptedSite

pytestmark = pytest.mark.usefixtures("closed_connections")
Run = Callable[[Source], SourceRun]

_TEXT = "The doctoral school enrols every candidate in October, and again in January of each year."


def page(title: str, *links: str, text: str = _TEXT) -> str:
    """A page with a menu, its main content and links."""
    anchors = " ".join(f'<p>See <a href="{link}">the page {link}</a>.</p>' for link in links)
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{title}</title></head><body>"
        f"<nav><a href='/school/'>Menu of the site</a></nav>"
        f"<main><h1>{title}</h1><p>{text}</p><p>{text[::-1]}</p><p>{text}</p>{anchors}</main>"
        f"<footer>Legal notice</footer></body></html>"
    )


@pytest.fixture
def school(site: ScriptedSite) -> ScriptedSite:
    """Three pages below /school/, and one beside it."""
    site.put("/school/", page("School", "fees.html", "dates", "/elsewhere/"), etag='"1"')
    site.put("/school/fees.html", page("Fees", text="The fees are 391 euros a year. " * 8))
    site.put("/school/dates", page("Dates", text="Enrolment closes on the 30th of May. " * 8))
    site.put("/elsewhere/", page("Elsewhere"))
    return site


@pytest.fixture
def source(cast: Cast, school: ScriptedSite) -> Source:
    return make_source(cast, school)


def make_source(cast: Cast, site: ScriptedSite, **options: Any) -> Source:
    given = {
        "url": f"{site.url}/school/",
        "scope": "site",
        "max_depth": 5,
        "max_pages": 100,
        "includes_files": True,
    }
    source: Source = SourceFactory(
        instance=cast.instance, options=given | options, grace_days=0, folder="Site"
    )
    return source


def documents(cast: Cast) -> dict[str, Document]:
    with tenant(cast.instance):
        return {each.name: each for each in Document.objects.for_instance(cast.instance)}


def figures(run: SourceRun) -> tuple[int, int, int, int, int]:
    return run.added, run.changed, run.unchanged, run.removed, run.failed


def test_pages_below_the_address_become_documents(
    cast: Cast, source: Source, run_once: Run
) -> None:
    run = run_once(source)
    assert (run.status, figures(run)) == ("done", (3, 0, 0, 0, 0))
    found = documents(cast)
    assert set(found) == {"school.html", "fees.html", "dates.html"}
    assert {each.folder for each in found.values()} == {"Site"}
    assert {each.media_type for each in found.values()} == {"text/html"}
    html = found["fees.html"].file.read().decode()
    assert "391 euros" in html
    assert "Menu of the site" not in html
    assert "Legal notice" not in html


def test_second_run_fetches_on_condition_and_changes_nothing(
    cast: Cast, school: ScriptedSite, source: Source, run_once: Run
) -> None:
    run_once(source)
    before = {name: each.pk for name, each in documents(cast).items()}
    school.requests.clear()
    run = run_once(source)
    assert figures(run) == (0, 0, 3, 0, 0)
    assert {name: each.pk for name, each in documents(cast).items()} == before
    conditions = [headers.get("If-None-Match") for _m, path, headers, _b in school.requests
                  if path == "/school/"]  # fmt: skip
    assert conditions == ['"1"']


def test_changed_page_takes_the_place_of_its_document(
    cast: Cast, school: ScriptedSite, source: Source, run_once: Run
) -> None:
    run_once(source)
    before = documents(cast)
    school.put("/school/fees.html", page("Fees", text="The fees are 397 euros a year. " * 8))
    run = run_once(source)
    assert figures(run) == (0, 1, 2, 0, 0)
    after = documents(cast)
    assert set(after) == set(before)
    assert after["dates.html"].pk == before["dates.html"].pk
    assert "397 euros" in after["fees.html"].file.read().decode()


def test_new_page_is_added_and_gone_page_is_removed(
    cast: Cast, school: ScriptedSite, source: Source, run_once: Run
) -> None:
    run_once(source)
    del school.pages["/school/dates"]
    school.put("/school/", page("School", "fees.html", "new.html"), etag='"2"')
    school.put("/school/new.html", page("New", text="A new master's degree has opened. " * 8))
    run = run_once(source)
    assert figures(run) == (1, 1, 1, 1, 0)
    assert set(documents(cast)) == {"school.html", "fees.html", "new.html"}
    assert {line["outcome"] for line in run.lines} == {"added", "changed", "removed"}


def test_gone_page_stays_for_the_days_of_grace(
    cast: Cast, school: ScriptedSite, source: Source, run_once: Run
) -> None:
    with tenant(cast.instance):
        Source.objects.update(grace_days=7)
    run_once(source)
    page_of_dates = school.pages.pop("/school/dates")
    for _run in range(2):
        assert run_once(source).removed == 0
    assert "dates.html" in documents(cast)
    with tenant(cast.instance):
        past = timezone.now() - timedelta(days=8)
        gone = SourceItem.objects.exclude(missing_since=None)
        assert gone.update(missing_since=past) == 1
    school.pages["/school/dates"] = page_of_dates
    assert figures(run_once(source)) == (0, 0, 3, 0, 0)
    del school.pages["/school/dates"]
    run_once(source)
    with tenant(cast.instance):
        gone.update(missing_since=past)
    assert run_once(source).removed == 1
    assert "dates.html" not in documents(cast)


def test_page_that_fails_keeps_its_document_and_the_pages_found_in_it(
    cast: Cast, school: ScriptedSite, source: Source, run_once: Run
) -> None:
    run_once(source)
    school.put("/school/", "Out of order", status=503)
    run = run_once(source)
    assert figures(run) == (0, 0, 2, 0, 1)
    assert len(documents(cast)) == 3
    (line,) = run.lines
    assert (line["outcome"], line["code"]) == ("failed", "server_fault")


def test_robots_txt_is_respected(
    cast: Cast, school: ScriptedSite, source: Source, run_once: Run
) -> None:
    school.put("/robots.txt", "User-agent: ragapp\nDisallow: /school/*.html$\n")
    run = run_once(source)
    assert "/school/fees.html" not in school.paths()
    assert {line["code"] for line in run.lines if line["outcome"] == "failed"} == {"robots"}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"max_depth": 0}, {"school.html"}),
        ({"max_pages": 2}, {"school.html", "fees.html"}),
        ({"scope": "page"}, {"school.html"}),
    ],
    ids=["depth", "pages", "one page"],
)
def test_limits_of_a_source(
    cast: Cast, school: ScriptedSite, run_once: Run, options: dict[str, Any], names: set[str]
) -> None:
    run_once(make_source(cast, school, **options))
    assert set(documents(cast)) == names


def test_pages_left_out_by_the_limit_are_not_removed(
    cast: Cast, school: ScriptedSite, source: Source, run_once: Run
) -> None:
    run_once(source)
    with tenant(cast.instance):
        Source.objects.update(options=source.options | {"max_pages": 1})
    run = run_once(Source.objects.model(pk=source.pk, instance=cast.instance))
    assert (run.is_truncated, run.removed) == (True, 0)
    assert len(documents(cast)) == 3


def test_sitemap_is_read_with_its_dates(cast: Cast, school: ScriptedSite, run_once: Run) -> None:
    def listed(day: int) -> str:
        return (
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            f"<url><loc>{school.url}/school/fees.html</loc><lastmod>2026-11-{day}</lastmod></url>"
            f"<url><loc>{school.url}/elsewhere/</loc><lastmod>2026-01-01</lastmod></url></urlset>"
        )

    index = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    school.put(
        "/sitemap.xml",
        f"{index}<sitemap><loc>{school.url}/one.xml</loc></sitemap></sitemapindex>",
        media_type="application/xml",
    )
    school.put("/one.xml", listed(10), media_type="application/xml")
    source = make_source(cast, school, scope="sitemap", url=f"{school.url}/")
    assert figures(run_once(source)) == (2, 0, 0, 0, 0)
    school.requests.clear()
    assert figures(run_once(source)) == (0, 0, 2, 0, 0)
    assert school.paths() == ["/sitemap.xml", "/one.xml"]
    school.put("/one.xml", listed(11), media_type="application/xml")
    school.put("/school/fees.html", page("Fees", text="The fees are 400 euros a year. " * 8))
    assert figures(run_once(source)) == (0, 1, 1, 0, 0)


def test_linked_file_is_a_document_of_its_own(
    cast: Cast, school: ScriptedSite, source: Source, run_once: Run
) -> None:
    school.put("/school/", page("School", "rules.txt", "film.bin"))
    school.put("/school/rules.txt", "Rules of the school.", media_type="text/plain")
    run_once(source)
    assert set(documents(cast)) == {"school.html", "rules.txt"}
    assert "/school/film.bin" not in school.paths()


def test_document_deleted_by_a_person_stays_deleted_until_the_page_changes(
    cast: Cast, school: ScriptedSite, source: Source, run_once: Run
) -> None:
    run_once(source)
    with tenant(cast.instance):
        Document.objects.get(name="fees.html").delete()
    run_once(source)
    assert "fees.html" not in documents(cast)
    school.put("/school/fees.html", page("Fees", text="The fees are 397 euros a year. " * 8))
    run_once(source)
    assert "fees.html" in documents(cast)


def test_document_that_a_person_uploaded_is_never_removed(
    cast: Cast, school: ScriptedSite, source: Source, run_once: Run
) -> None:
    school.put("/school/", page("School", "rules.txt"))
    school.put("/school/rules.txt", "Rules of the school.", media_type="text/plain")
    own = DocumentFactory(instance=cast.instance, name="mine.txt", content=b"Rules of the school.")
    run_once(source)
    assert set(documents(cast)) == {"school.html", "mine.txt"}
    del school.pages["/school/rules.txt"]
    run_once(source)
    assert documents(cast)["mine.txt"].pk == own.pk


def test_quota_ends_the_run(cast: Cast, source: Source, run_once: Run) -> None:
    cast.instance.max_documents = 1
    cast.instance.save()
    run = run_once(source)
    assert (run.status, run.error_code, run.added) == ("failed", "quota", 1)
    assert InstanceTotals.objects.get(instance=cast.instance).documents == 1
