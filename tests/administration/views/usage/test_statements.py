"""The page of a statement, its files, and the balances that operators see."""

import csv
import io
from datetime import UTC, datetime

import pypdfium2
import pytest
from django.urls import reverse

from tests.factories import OrganisationAdministratorFactory, UserFactory
from tests.usage.generated import make_records
from usage.tasks import roll_up_days

NOVEMBER = {"length": "month", "day": "2026-11-10"}


@pytest.fixture
def organisation(cast):
    make_records(cast.instance, 40, since=datetime(2026, 11, 2, tzinfo=UTC), days=9)
    roll_up_days()
    return cast.instance.organisation


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ["Relevé de Université", "novembre 2026", "Centre de coûts", "Solde à payer"]),
        ("en", ["Statement of Université", "November 2026", "Cost centre", "Balance to be paid"]),
    ],
)
def test_statement_is_a_page_a_pdf_and_a_csv(organisation, client_for, language, words):
    dean = OrganisationAdministratorFactory(organisation=organisation).user
    client = client_for(dean)
    client.cookies["django_language"] = language
    page = client.get(
        reverse("administration:organisation_statements", args=[organisation.slug]), NOVEMBER
    )
    statement = page.context["statement"]

    def export(kind):
        path = reverse("administration:statement_export", args=[organisation.slug, kind])
        response = client.get(path, NOVEMBER)
        assert response["Content-Disposition"].endswith(f'-2026-11.{kind}"')
        return response.content

    rows = list(csv.DictReader(io.StringIO(export("csv").decode("utf-8-sig"))))
    lines = [line for account in statement.accounts for line in account.lines]
    assert [(row["amount"], row["model"], int(row["requests"])) for row in rows] == [
        (f"{line.amount:f}", line.model, line.requests) for line in lines
    ]
    document = pypdfium2.PdfDocument(export("pdf"))
    text = " ".join(one.get_textpage().get_text_range() for one in document).split()
    assert [word for word in words if word not in " ".join(text)] == []
    assert document.get_metadata_value("Title").startswith(words[0])


def test_only_administrators_see_a_statement_and_only_operators_all(organisation, cast, client_for):
    dean = OrganisationAdministratorFactory(organisation=organisation).user
    operator = UserFactory(is_staff=True)
    own = reverse("administration:organisation_statements", args=[organisation.slug])
    site = reverse("administration:site_statements")
    for person, expected in {
        cast.owner: (404, 404),
        cast.stranger: (404, 404),
        dean: (200, 404),
        operator: (200, 200),
    }.items():
        client = client_for(person)
        assert (client.get(own).status_code, client.get(site).status_code) == expected
    page = client_for(operator).get(site, NOVEMBER)
    assert organisation in [one.organisation for one in page.context["balances"]]
