"""The connections to the servers of jobs, from their rows."""

import pytest

from inference.models import ServerJob
from inference.slurm.publication import connections_of
from tests.inference.factories import ServerJobFactory

READY = ServerJob.State.READY


@pytest.mark.django_db
def test_job_whose_key_cannot_be_read_does_not_stop_the_others() -> None:
    lost = ServerJobFactory(
        state=READY, base_url="http://127.0.0.1:1/v1", encrypted_key="unreadable"
    )
    other = ServerJobFactory(template=lost.template, state=READY, base_url="http://127.0.0.1:2/v1")
    (_, connection), (_, none) = connections_of(lost.template, [READY])
    assert connection is not None
    assert connection.base_url == other.base_url
    assert none is None
