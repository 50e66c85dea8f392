"""A web site on loopback that this site may reach, and workers without a broker."""

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from instances.tenancy import tenant
from sources.models import Source, SourceRun
from sources.runs import working
from sources.runs.starting import start_run
from tests.sources.plug_in import files_kind
from tests.sources.scripted_site import ScriptedSite, serving

__all__ = ["files_kind"]

LOOPBACK = [ip_network("127.0.0.0/8")]


@pytest.fixture
def may_reach(settings: Any) -> Callable[[int], None]:
    """Allow requests to a port of loopback."""
    settings.OUTBOUND_ALLOWED_NETWORKS = LOOPBACK
    settings.SOURCE_DELAY_S = 0.0

    def allow(port: int) -> None:
        settings.OUTBOUND_PORTS = [*settings.OUTBOUND_PORTS, port]

    return allow


@pytest.fixture
def site(may_reach: Callable[[int], None]) -> Iterator[ScriptedSite]:
    """An empty web site."""
    with serving(ScriptedSite()) as served:
        may_reach(served.port)
        yield served


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are called by tests, not by messages."""
    monkeypatch.setattr("sources.runs.starting.enqueue_on_commit", lambda _task: None)


@pytest.fixture
def run_once(no_broker: None) -> Callable[[Source], SourceRun]:
    """Start a run of a source, work until it has ended, and return it."""

    def run(source: Source) -> SourceRun:
        with tenant(source.instance_id):
            started, _is_new = start_run(source, reason=SourceRun.Reason.ASKED, user=None)
        while working.work():
            pass
        with tenant(source.instance_id):
            found: SourceRun = SourceRun.objects.get(pk=started.pk)
        return found

    return run
