"""The registration of a job: one address a token, from an allowed network only."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from inference.models import ServerJob
from inference.slurm.registration import base_url_of
from inference.slurm.submission import hash_of
from tests.inference.factories import JobTemplateFactory, ServerJobFactory

State = ServerJob.State
TOKEN = "a-token"


@pytest.fixture
def job(db):
    return ServerJobFactory(
        state=State.RUNNING,
        token_hash=hash_of(TOKEN),
        token_expires_at=timezone.now() + timedelta(minutes=5),
    )


def register(client, token=TOKEN, address="127.0.0.1:8000"):
    return client.post(reverse("slurm_register"), {"token": token, "address": address})


def test_token_registers_one_address(job, client):
    assert register(client).status_code == 200
    job.refresh_from_db()
    assert (job.state, job.base_url) == (State.REGISTERED, "http://127.0.0.1:8000/v1")
    other = register(client, address="127.0.0.1:9000")
    assert (other.status_code, "used" in other.text) == (403, True)
    # A script that did not get the answer tries again, also when the server answers already.
    for state in (State.REGISTERED, State.READY):
        ServerJob.objects.update(state=state)
        assert register(client).status_code == 200
        registered_at = job.registered_at
        job.refresh_from_db()
        assert (job.state, job.base_url) == (state, "http://127.0.0.1:8000/v1")
        assert job.registered_at == registered_at


@pytest.mark.parametrize("token", ["", "another", hash_of(TOKEN)], ids=["none", "wrong", "hash"])
def test_other_tokens_are_refused(job, client, token):
    assert register(client, token).status_code == 403
    job.refresh_from_db()
    assert job.state == State.RUNNING


def test_expired_token_is_refused(job, client):
    ServerJob.objects.update(token_expires_at=timezone.now() - timedelta(seconds=1))
    assert register(client).status_code == 403


@pytest.mark.parametrize("state", [State.DRAINING, State.ENDED, State.READY])
def test_job_that_is_stopped_cannot_register(job, client, state):
    ServerJob.objects.update(state=state)
    assert register(client).status_code == 403
    assert ServerJob.objects.get().state == state


def test_jobs_of_a_disabled_backend_cannot_register(job, client):
    backend = job.template.backend
    backend.is_enabled = False
    backend.save()
    assert register(client).status_code == 403


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3:80", "169.254.169.254:80", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:x", ":80", ""],
)
def test_job_with_a_refused_address_is_stopped(job, client, address):
    job.template.networks = "10.20.0.0/16, 127.0.0.0/8"
    job.template.save()
    assert register(client, address=address).status_code == 400
    job.refresh_from_db()
    assert (job.state, job.reason, job.base_url) == (State.DRAINING, "address", "")
    assert register(client).status_code == 403


@pytest.mark.parametrize(
    ("address", "networks", "base_url"),
    [
        ("[::1]:8000", "::1/128", "http://[::1]:8000/v1"),
        ("[::ffff:127.0.0.1]:8000", "127.0.0.0/8", "http://127.0.0.1:8000/v1"),
        ("[::ffff:127.0.0.1]:8000", "::/0", ""),
        ("localhost:8000", "127.0.0.0/8", "http://127.0.0.1:8000/v1"),
        ("name.invalid:8000", "0.0.0.0/0", ""),
        ("user@127.0.0.1:8000", "127.0.0.0/8", ""),
        ("127.0.0.1/x:8000", "127.0.0.0/8", ""),
    ],
)
def test_address_is_the_one_that_was_checked(address, networks, base_url):
    template = JobTemplateFactory.build(networks=networks)
    assert base_url_of(address, template) == base_url


def test_only_posts_are_taken(client):
    assert client.get(reverse("slurm_register")).status_code == 405
