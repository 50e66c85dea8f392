"""The model picker: what each model is, and why one is not offered."""

from decimal import Decimal
from typing import Any

from django.urls import reverse

from chat.conversations.model_picker import picker_lines
from inference import health
from inference.backends import save_rules
from inference.catalogue import choose_model
from inference.errors import ModelNotFound
from inference.models import ModelRules
from tests.cast import Cast
from tests.factories import LanguageModelFactory


def test_line_says_size_place_energy_price_and_why_not(cast: Cast, client_for: Any) -> None:
    organisation = cast.instance.organisation
    LanguageModelFactory(
        alias="small",
        label="Small",
        description_en="Quick answers.",
        total_parameters_b=3,
        active_parameters_b=3,
        prompt_price=Decimal("0.10"),
        completion_price=Decimal("0.30"),
        backend__site="Lyon",
        backend__serving_organisation=organisation,
        backend__base_url="https://gpu.example.org/v1",
        backend__priority=1,
    )
    LanguageModelFactory(alias="free", prompt_price=0, completion_price=0)
    LanguageModelFactory(alias="public", label="Far away", backend__sensitivity="public")
    LanguageModelFactory(alias="forbidden")
    save_rules(ModelRules(organisation=organisation, allowed=["small", "free", "public"]))
    connection = choose_model(cast.instance, "free").backend
    assert connection is not None
    health.failed(connection, ModelNotFound("gone"))

    lines = {line.model.id: line for line in picker_lines(cast.instance)}
    assert list(lines) == ["extractive", "small", "free", "public", "forbidden"]
    small = lines["small"]
    assert (small.place, small.price_class) == (f"Lyon, {organisation}", "€")
    assert small.energy_wh < lines["free"].energy_wh
    assert (lines["free"].place, lines["free"].price_class) == (
        "on this server", "free of charge",
    )  # fmt: skip
    assert (lines["free"].is_unreachable, small.is_unreachable) == (True, False)
    assert "as sensitive as" in lines["public"].reason
    assert "your organisation" in lines["forbidden"].reason

    text = client_for(cast.owner).get(reverse("chat:new", args=[cast.instance.slug])).text
    for shown in ("Quick answers.", "3 billion parameters", "Lyon", "Far away", "as sensitive as"):
        assert shown in text
    assert 'data-model="small"' in text
    assert 'data-model="public"' not in text
