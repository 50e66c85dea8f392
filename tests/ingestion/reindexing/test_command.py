"""``./manage reindex``: another index of instances."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ingestion.models import Document, IndexGeneration
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.reindexing.conftest import SHORT, build

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_broker", "embeddings"),
]


def run(*arguments: str, **options: Any) -> list[str]:
    call_command("reindex", *arguments, stdout=(output := StringIO()), **options)
    return output.getvalue().splitlines()


def test_it_starts_shows_and_cancels(cast: Cast, documents: list[Document], settings: Any) -> None:
    model = settings.EMBEDDING_MODEL
    (line,) = run("law", model=SHORT, tokens=128)
    assert (
        line == f"law: {model}, 256 tokens; building: short, 128 tokens, 0 of 2 documents, 0 failed"
    )
    with tenant(cast.instance):
        generation = IndexGeneration.objects.get(status="building")
    build(generation)
    (line,) = run("law", status=True)
    assert line.endswith("built: short, 128 tokens, 2 of 2 documents, 0 failed")
    assert run("law", model=SHORT)[0] == "law: not started (under_way)"
    assert run("law", cancel=True) == [f"law: {model}, 256 tokens"]


def test_all_instances_move_to_another_model(cast: Cast) -> None:
    assert len(run("--all", model=SHORT)) == 2
    for instance in (cast.instance, cast.other_instance):
        with tenant(instance):
            assert IndexGeneration.objects.filter(status="building").count() == 1
    assert run("law")[0] == "law: not started (same)"


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], {}),
        (["law", "--all"], {}),
        (["nowhere"], {}),
        (["law"], {"model": "unknown"}),
        (["law"], {"tokens": 5}),
    ],
    ids=["nobody", "both", "unknown instance", "unknown model", "too small"],
)
def test_what_cannot_be_is_refused(
    cast: Cast, arguments: list[str], options: dict[str, Any]
) -> None:
    with pytest.raises(CommandError):
        run(*arguments, **options)
