"""Errors for programs: every address of the HTTP API answers in JSON, known or not."""

import pytest
from django.test import Client

UNKNOWN = [
    "/v1",
    "/v1/",
    "/v1/nothing",
    "/v1/models/",
    "//v1/models",
    "/v1//models",
    "/api",
    "/api/",
    "/api/nothing",
    "/api/v1/nothing/else",
    "//api/v1/documents",
]


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_unknown_address_of_the_api_answers_404_in_json(client: Client, path: str, accept: str):
    # The test client reads //v1 as a host.
    response = client.generic("GET", "/", PATH_INFO=path, headers={"accept": accept})
    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"
    error = response.json()["error"]
    assert error.pop("message")
    assert error == {"code": "not_found", "type": "invalid_request_error", "param": None}


@pytest.mark.parametrize("path", ["/nothing", "/apis", "/v1.html"])
def test_unknown_page_answers_404_in_html(client: Client, db: None, path: str):
    response = client.get(path, headers={"accept": "text/html"})
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
