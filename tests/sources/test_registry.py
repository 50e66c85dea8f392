"""Kinds of installed packages, as docs/sources.md describes them."""

import json
from collections.abc import Callable

import pytest

from ingestion.models import Document
from instances.tenancy import tenant
from sources.credentials import encrypted
from sources.models import Source, SourceRun
from sources.registry import kinds
from tests.cast import Cast
from tests.sources.factories import SourceFactory
from tests.sources.scripted_site import ScriptedSite

pytestmark = pytest.mark.usefixtures("closed_connections")
Run = Callable[[Source], SourceRun]


def test_kind_of_an_installed_package_reads_its_items(
    cast: Cast, files_kind: str, site: ScriptedSite, run_once: Run
) -> None:
    assert list(kinds())[-1] == files_kind
    listed = [
        {"name": f"{name}.txt", "url": f"{site.url}/{name}", "updated": "2026-11-30"}
        for name in ("rules", "minutes")
    ]
    site.put("/list", json.dumps(listed), media_type="application/json")
    site.put("/rules", "The rules.", media_type="text/plain")
    site.put("/minutes", "The minutes.", media_type="text/plain")
    source = SourceFactory(
        instance=cast.instance,
        kind=files_kind,
        options={"url": f"{site.url}/list"},
        encrypted_secrets=encrypted({"key": "s3cret"}),
    )
    assert run_once(source).added == 2
    assert {headers["Authorization"] for *_, headers, _body in site.requests} == {"Bearer s3cret"}
    with tenant(cast.instance):
        assert set(Document.objects.values_list("name", flat=True)) == {"rules.txt", "minutes.txt"}
    site.requests.clear()
    assert run_once(source).unchanged == 2
    assert site.paths() == ["/list"]


def test_fault_of_a_kind_fails_the_run_and_not_the_worker(
    cast: Cast, files_kind: str, site: ScriptedSite, run_once: Run
) -> None:
    site.put("/list", '[{"title": "without a name"}]', media_type="application/json")
    source = SourceFactory(
        instance=cast.instance,
        kind=files_kind,
        options={"url": f"{site.url}/list"},
        encrypted_secrets=encrypted({"key": "s3cret"}),
    )
    run = run_once(source)
    assert (run.status, run.error_code) == ("failed", "internal_fault")


def test_source_whose_kind_is_not_installed_fails_with_that_reason(
    cast: Cast, run_once: Run
) -> None:
    run = run_once(SourceFactory(instance=cast.instance, kind="unknown"))
    assert (run.status, run.error_code) == ("failed", "unknown_kind")
