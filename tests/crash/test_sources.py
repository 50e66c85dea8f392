"""Kill the worker with -9 while it reads a site: the run continues, nothing is lost or doubled."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bench.stack import Stack, running_stack
from tests.fixtures.waiting import wait_until
from tests.sources.scripted_site import ScriptedSite, serving

pytestmark = pytest.mark.crash

N_PAGES = 40

_START = """
from instances.models import Instance
from instances.tenancy import tenant
from sources.models import Source
from sources.runs.starting import start_run
instance = Instance.objects.get(slug="{slug}")
with tenant(instance):
    source = Source.objects.create(
        instance=instance, kind="web", name="A site", schedule="never",
        options=dict(url="{url}/", scope="site", max_depth=5, max_pages=100, includes_files=False))
    start_run(source, reason="asked", user=None)
"""
_STATE = """
import json
from ingestion.models import Document
from instances.models import Instance
from instances.tenancy import tenant
from sources.models import SourceItem, SourceRun
with tenant(Instance.objects.get(slug="{slug}")):
    run = SourceRun.objects.get()
    names = list(Document.objects.filter(name__endswith=".html").values_list("name", flat=True))
    print(json.dumps(dict(
        status=run.status, attempt=run.attempt, added=run.added, failed=run.failed,
        items=SourceItem.objects.filter(owns_document=True).exclude(document=None).count(),
        documents=len(names), names=len(set(names)),
    )))
"""
_EXPIRE = """
from django.utils import timezone
from instances.models import Instance
from instances.tenancy import tenant
from sources.models import SourceRun
with tenant(Instance.objects.get(slug="{slug}")):
    SourceRun.objects.exclude(claimed_until=None).update(claimed_until=timezone.now())
"""


@pytest.fixture
def site() -> Iterator[ScriptedSite]:
    """A page that links to all others, and each to the first."""
    with serving(ScriptedSite()) as served:
        links = "".join(f"<a href='/{number}.html'>{number}</a> " for number in range(1, N_PAGES))
        text = "The pages of the site. " * 20
        served.put("/", f"<main><p>{text}</p>{links}</main>")
        for number in range(1, N_PAGES):
            words = f"Page number {number} of the site. " * 10
            served.put(f"/{number}.html", f"<main><p>{words}</p></main>")
        yield served


@pytest.fixture
def reading(site: ScriptedSite) -> Iterator[Stack]:
    """A stack that may read the site, slowly enough to be killed in between."""
    env = {
        "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
        "OUTBOUND_PORTS": str(site.port),
        "SOURCE_DELAY_S": "0.6",
    }
    with running_stack(env=env) as running:
        yield running


def state(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.shell(_STATE.format(slug=stack.tenancy.slug)))
    return found


def test_run_continues_after_its_worker_is_killed_three_times(
    reading: Stack, site: ScriptedSite
) -> None:
    slug = reading.tenancy.slug
    reading.shell(_START.format(slug=slug, url=site.url))
    for killed in range(1, 4):
        wait_until(lambda n=killed: state(reading)["added"] >= n * 8, "some pages")
        before = state(reading)["attempt"]
        reading.kill("worker-embed")
        assert state(reading)["added"] < N_PAGES
        # The lease ends, some minutes later.
        reading.shell(_EXPIRE.format(slug=slug))
        wait_until(lambda n=before: state(reading)["attempt"] > n, "another claim")
    wait_until(lambda: state(reading)["status"] == "done", "the end of the run")
    after = state(reading)
    assert (after["added"], after["failed"]) == (N_PAGES, 0)
    assert after["documents"] == after["names"] == after["items"] == N_PAGES
    # A page at most was fetched again for each worker that was killed.
    assert len(site.paths()) <= N_PAGES + 3
