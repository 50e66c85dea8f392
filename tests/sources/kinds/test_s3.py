"""A bucket of a real S3 server: objects that come, change and go."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from sources.kinds import s3
from sources.models import Source, SourceRun

pytestmark = pytest.mark.usefixtures("closed_connections")
Run = Callable[[Source], SourceRun]
Contents = Callable[[], dict[str, str]]


@pytest.fixture
def server(may_reach: Callable[[int], None]) -> Iterator[str]:
    """The address of an S3 server."""
    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    may_reach(port)
    yield f"http://{host}:{port}"
    started.stop()


@pytest.fixture
def bucket(server: str) -> Iterator[Any]:
    """A bucket with three objects, one of them outside the prefix."""
    found = boto3.resource(
        "s3",
        endpoint_url=server,
        region_name="eu-west-3",
        aws_access_key_id="key",
        aws_secret_access_key="s3cret",
        config=Config(s3={"addressing_style": "path"}),
    ).Bucket("reports")
    found.create(CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
    for key, text in {
        "2026/Bilan été + hiver.txt": "The year.",
        "2026/q1/budget.txt": "The budget.",
        "2025/old.txt": "The year before.",
        "2026/film.bin": "Not a document",
    }.items():
        found.put_object(Key=key, Body=text.encode())
    yield found
    found.objects.all().delete()
    found.delete()


@pytest.fixture
def source(server: str, bucket: Any, make_source: Callable[..., Source]) -> Source:
    return make_source(
        "s3",
        {"secret_key": "s3cret"},
        url=server,
        bucket="reports",
        key_prefix="2026/",
        region="eu-west-3",
        access_key="key",
    )


def test_objects_become_documents(source: Source, run_once: Run, contents: Contents) -> None:
    run = run_once(source)
    assert (run.status, run.added, run.failed) == ("done", 2, 0)
    assert contents() == {"Bilan été + hiver.txt": "The year.", "q1/budget.txt": "The budget."}


def test_list_is_read_in_parts_and_only_what_has_changed_is_fetched(
    source: Source, bucket: Any, run_once: Run, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "_PER_PAGE", 1)
    run_once(source)
    bucket.put_object(Key="2026/q1/budget.txt", Body=b"Another budget.")
    bucket.put_object(Key="2026/q2/budget.txt", Body=b"The next budget.")
    bucket.Object("2026/Bilan été + hiver.txt").delete()
    run = run_once(source)
    assert (run.added, run.changed, run.unchanged, run.removed) == (1, 1, 0, 1)
    assert set(contents().values()) == {"Another budget.", "The next budget."}
    assert run_once(source).unchanged == 2


def test_bucket_that_does_not_exist_fails_the_run(
    server: str, make_source: Callable[..., Source], run_once: Run
) -> None:
    source = make_source(
        "s3",
        {"secret_key": "s3cret"},
        url=server,
        bucket="nothing",
        key_prefix="",
        region="eu-west-3",
        access_key="key",
    )
    run = run_once(source)
    assert (run.status, run.error_code) == ("failed", "gone")


def test_request_is_signed_as_its_publisher_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is signed are host, date and the hash of the body; the secret is not sent."""
    from botocore.credentials import Credentials

    reader = object.__new__(s3.S3Reader)
    reader._credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "secret")
    reader._options = {"region": "us-east-1"}
    headers = reader._signed("https://s3.example.org/reports/a%20b.txt")
    assert "Host" not in headers
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/")
    assert "SignedHeaders=host;x-amz-content-sha256;x-amz-date" in headers["Authorization"]
    assert "secret" not in str(headers)
