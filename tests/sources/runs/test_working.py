"""Workers continue runs, and those of killed workers; schedules; failures that are told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from ingestion.models import Document
from instances.claimed_runs import RunQueue
from instances.models import Instance
from instances.tenancy import tenant
from sources import tasks
from sources.models import Source, SourceItem, SourceRun
from sources.runs import working
from sources.runs.claims import source_runs
from sources.runs.notices import send_failure_notice
from sources.runs.starting import start_due_runs, start_run
from sources.runs.storing import store_fetched
from tests.cast import Cast
from tests.sources.factories import SourceFactory
from tests.sources.scripted_site import ScriptedSite

pytestmark = pytest.mark.usefixtures("closed_connections", "no_broker")
Run = Callable[[Source], SourceRun]
N_PAGES = 6


@pytest.fixture
def source(cast: Cast, site: ScriptedSite) -> Source:
    return six_pages(cast.instance, site)


def six_pages(instance: Instance, site: ScriptedSite) -> Source:
    """A source of six pages."""
    links = "".join(f"<a href='{number}.html'>{number}</a>" for number in range(1, N_PAGES))
    site.put("/a/", f"<main><h1>All</h1><p>{'The list of pages. ' * 20}</p>{links}</main>")
    for number in range(1, N_PAGES):
        site.put(f"/a/{number}.html", f"<main><p>{f'Page {number} of six. ' * 20}</p></main>")
    options = {"url": f"{site.url}/a/", "scope": "site", "max_depth": 2, "max_pages": 50}
    made: Source = SourceFactory(
        instance=instance, options=options | {"includes_files": False}, schedule="daily"
    )
    return made


def started(source: Source) -> SourceRun:
    with tenant(source.instance_id):
        return start_run(source, reason=SourceRun.Reason.ASKED, user=None)[0]


def stored(run: SourceRun) -> SourceRun:
    with tenant(run.instance_id):
        found: SourceRun = SourceRun.objects.get(pk=run.pk)
    return found


def one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "SLICE_S", -1.0)


def all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "SLICE_S", 60.0)


def expire(run: SourceRun) -> None:
    """Let the lease of a killed worker end."""
    with tenant(run.instance_id):
        past = timezone.now() - timedelta(seconds=1)
        SourceRun.objects.filter(pk=run.pk).update(claimed_until=past)


def test_killed_worker_is_replaced_and_nothing_is_fetched_twice_or_lost(
    cast: Cast, source: Source, site: ScriptedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(source)
    one_step(monkeypatch)
    for _step in range(3):
        working.work()
    assert (stored(run).status, stored(run).added) == ("fetching", 2)
    # Killed after it has claimed the run, and fetched an item.
    claim = source_runs.claim_next()
    assert claim is not None
    assert not source_runs.is_work_waiting()
    assert working.work() is None
    expire(run)
    all_steps(monkeypatch)
    while working.work():
        pass
    assert (stored(run).status, stored(run).added) == ("done", N_PAGES)
    assert sorted(site.paths()) == sorted({*site.paths()})
    with tenant(cast.instance):
        assert Document.objects.count() == N_PAGES
    # Were the first worker alive after all, it would change nothing.
    before = stored(run)
    working._continue(claim)
    assert stored(run).finished_at == before.finished_at


def test_worker_killed_while_it_stores_an_item_leaves_nothing_of_it(
    cast: Cast, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """What ends a process at this point."""

    def killed(*arguments: Any, **options: Any) -> None:
        store_fetched(*arguments, **options)
        raise Killed

    run = started(source)
    monkeypatch.setattr(working, "store_fetched", killed)
    monkeypatch.setattr(RunQueue, "release", lambda _queue, _claim: None)
    with pytest.raises(Killed):
        working.work()
    with tenant(cast.instance):
        assert Document.objects.count() == 0
    assert stored(run).added == 0
    monkeypatch.undo()
    monkeypatch.setattr("sources.runs.starting.enqueue_on_commit", lambda _task: None)
    expire(run)
    while working.work():
        pass
    assert stored(run).added == N_PAGES


def test_instances_take_turns_with_one_run_each(
    cast: Cast, source: Source, site: ScriptedSite, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = six_pages(cast.other_instance, site)
    second = SourceFactory(instance=cast.instance, options=source.options)
    runs = [started(each) for each in (source, second, other)]
    settings.SOURCE_RUNS_AT_ONCE = 3
    claims = [source_runs.claim_next() for _claim in range(3)]
    assert [claim and claim.run_id for claim in claims] == [runs[0].pk, runs[2].pk, None]
    settings.SOURCE_RUNS_AT_ONCE = 2
    assert not source_runs.is_work_waiting()


def test_source_has_one_run_at_a_time(source: Source) -> None:
    assert started(source).pk == started(source).pk


def test_server_that_is_down_is_left_alone(
    source: Source, site: ScriptedSite, run_once: Run
) -> None:
    run_once(source)
    for page in site.pages.values():
        page.status = 503
    site.requests.clear()
    run = run_once(source)
    assert (run.status, run.error_code) == ("failed", "server_fault")
    assert len(site.paths()) == working.MAX_FAILED_IN_A_ROW


def test_run_of_a_closed_instance_is_cancelled(
    cast: Cast, source: Source, site: ScriptedSite
) -> None:
    run = started(source)
    Instance.objects.filter(pk=cast.instance.pk).update(status=Instance.Status.ARCHIVED)
    assert working.work() is None
    assert stored(run).status == "cancelled"
    assert site.requests == []


def test_due_source_runs_once_and_is_due_again_later(cast: Cast, source: Source) -> None:
    now = timezone.now()
    with tenant(cast.instance):
        Source.objects.update(next_run_at=now - timedelta(minutes=1))
        assert start_due_runs(cast.instance, now) == 1
        assert start_due_runs(cast.instance, now) == 0
        source.refresh_from_db()
        assert source.next_run_at == now + timedelta(days=1)
        assert SourceRun.objects.get().reason == "scheduled"


def test_reconciler_starts_what_is_due_and_calls_a_worker(
    cast: Cast, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(tasks, "enqueue_on_commit", sent.append)
    tasks.reconcile()
    assert sent == []
    with tenant(cast.instance):
        Source.objects.update(next_run_at=timezone.now())
    tasks.reconcile()
    assert sent == ["sources.tasks.work"]


def test_owner_is_told_once_of_a_source_that_keeps_failing(
    cast: Cast, source: Source, site: ScriptedSite, run_once: Run, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    settings.EMAIL_HOST = "mail.example.org"
    settings.SITE_URL = "https://rag.example.org"
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr("sources.runs.notices.enqueue_on_commit", lambda *what: sent.append(what))
    with tenant(cast.instance):
        Source.objects.update(created_by=cast.editor)
    pages, site.pages = site.pages, {"/a/": site.pages["/a/"]}
    site.pages["/a/"].status = 403
    for _run in range(4):
        assert run_once(source).error_code == "access_denied"
    assert {what[3] for what in sent} == {cast.owner.pk, cast.editor.pk}
    assert len(sent) == 2
    send_failure_notice(cast.instance.pk, source.pk, cast.editor.pk)
    (message,) = mail.outbox
    assert source.name in message.subject
    assert f"https://rag.example.org/i/law/sources/{source.pk}/" in message.body
    site.pages = pages
    site.pages["/a/"].status = 200
    run_once(source)
    send_failure_notice(cast.instance.pk, source.pk, cast.owner.pk)
    assert len(mail.outbox) == 1
    with tenant(cast.instance):
        assert SourceItem.objects.filter(outcome="added").exists()
