"""The file of a document: for members only, with ranges, without active content."""

import pytest
from asgiref.sync import sync_to_async
from django.urls import reverse

from ingestion.documents.downloads import ByteRange, RangeNotSatisfiable, parse_range
from ingestion.parsing.media_types import HTML, PDF
from tests.cast import make_cast
from tests.factories import DocumentFactory

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def people(db):
    return make_cast()


@pytest.fixture
def fetch(people, async_client_for):
    """``await fetch(person, document, **headers)`` gives the response and its bytes."""
    clients = {name: async_client_for(getattr(people, name)) for name in ("owner", "stranger")}
    clients["teammate"] = async_client_for(people.teammate)

    async def get(person, document, query="", **headers):
        url = reverse("documents:file", args=["law", document.pk]) + query
        response = await clients[person].get(url, headers=headers)
        if response.streaming:
            return response, b"".join([block async for block in response])
        return response, response.content

    return get


@pytest.fixture
def pdf(people):
    return DocumentFactory(
        instance=people.instance, name="Été « final ».pdf", media_type=PDF, content=CONTENT
    )


async def test_member_gets_file_and_stranger_404(fetch, pdf):
    response, body = await fetch("teammate", pdf)
    assert (response.status_code, body) == (200, CONTENT)
    response, _ = await fetch("stranger", pdf)
    assert response.status_code == 404


async def test_anonymous_is_redirected_to_login(async_client, pdf):
    response = await async_client.get(reverse("documents:file", args=["law", pdf.pk]))
    assert response.status_code == 302


async def test_document_of_another_instance_gives_404(fetch, people):
    foreign = await sync_to_async(DocumentFactory)(instance=people.other_instance)
    response, _ = await fetch("owner", foreign)
    assert response.status_code == 404


async def test_pdf_is_inline_with_its_name(fetch, pdf):
    response, _ = await fetch("owner", pdf)
    assert response["Content-Type"] == PDF
    assert response["Content-Disposition"].startswith("inline; filename*=utf-8''%C3%89t%C3%A9")
    response, _ = await fetch("owner", pdf, "?download")
    assert response["Content-Disposition"].startswith("attachment")


async def test_active_content_is_sandboxed_attachment(fetch, people):
    page = await sync_to_async(DocumentFactory)(
        instance=people.instance, name="page.html", media_type=HTML, content=b"<script>x</script>"
    )
    response, _ = await fetch("owner", page)
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [("bytes=0-99", 0, 99), ("bytes=1000000-", 1000000, 1023999), ("bytes=-5", 1023995, 1023999)],
    ids=["first bytes", "to the end", "last bytes"],
)
async def test_range_gives_206(fetch, pdf, header, start, end):
    response, body = await fetch("owner", pdf, range=header)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {start}-{end}/{len(CONTENT)}"
    assert response["Content-Length"] == str(len(body))
    assert body == CONTENT[start : end + 1]


async def test_range_outside_file_gives_416(fetch, pdf):
    response, _ = await fetch("owner", pdf, range="bytes=9999999-")
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(CONTENT)}"


async def test_matching_etag_gives_304(fetch, pdf):
    response, _ = await fetch("owner", pdf)
    response, body = await fetch("owner", pdf, **{"if-none-match": response["ETag"]})
    assert (response.status_code, body) == (304, b"")


async def test_if_range_of_another_version_gives_whole_file(fetch, pdf):
    response, _ = await fetch("owner", pdf, range="bytes=0-9", **{"if-range": '"other"'})
    assert response.status_code == 200


async def test_missing_file_gives_404(fetch, pdf):
    await sync_to_async(pdf.file.storage.delete)(pdf.file.name)
    response, _ = await fetch("owner", pdf)
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", ByteRange(0, 9)),
        ("bytes=5-999", ByteRange(5, 99)),
        ("bytes=-200", ByteRange(0, 99)),
        ("bytes=9-5", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("bytes=0-" + "9" * 5000, None),
        ("bytes=a-b", None),
        ("lines=1-2", None),
        ("", None),
    ],
)
def test_range_headers(header, expected):
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0"])
def test_range_outside_file_is_not_satisfiable(header):
    with pytest.raises(RangeNotSatisfiable):
        parse_range(header, 100)
