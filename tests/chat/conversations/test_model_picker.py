"""The model picker: what each model is, and why one is not offered."""

from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.urls import reverse

from chat.conversations.model_picker import picker_lines
from inference import health
from inference.backends import save_rules
from inference.catalogue import choose_model
from inference.errors import ModelNotFound
from inference.models import ModelRules
from inference.queueing.fair_queue import BackendQueue, QueuedRequest, enter
from inference.queueing.job_servers import JobServer, JobServers, publish, withdraw
from tests.cast import Cast
from tests.inference.factories import LanguageModelFactory


def test_model_line_shows_size_place_energy_price_and_unavailability(
    cast: Cast, client_for: Any
) -> None:
    organisation = cast.instance.organisation
    LanguageModelFactory(
        alias="small",
        label="Small",
        description_en="Quick answers.",
        languages="fr, en",
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
    for shown in (
        "Quick answers.",
        "3 billion parameters",
        "Languages: French, English",
        "Lyon",
        "Far away",
        "as sensitive as",
    ):
        assert shown in text
    assert 'data-model="small"' in text
    assert 'data-model="public"' not in text


def test_models_of_different_methods_are_not_ranked_together(cast: Cast) -> None:
    """A calibrated figure, which would be of the last class, does not change the class."""
    LanguageModelFactory(alias="modelled", active_parameters_b=3)
    LanguageModelFactory(
        alias="calibrated",
        active_parameters_b=3,
        prompt_j_per_token=Decimal(100),
        completion_j_per_token=Decimal(100),
    )
    lines = {line.model.id: line for line in picker_lines(cast.instance)}
    assert lines["calibrated"].energy_class == lines["modelled"].energy_class
    assert lines["calibrated"].energy_wh == lines["modelled"].energy_wh


def test_line_says_the_expected_wait_at_the_backend_that_is_free_first(cast: Cast) -> None:
    models = [
        LanguageModelFactory(alias=alias, backend__max_concurrency=1)
        for alias in ("busy", "shared", "shared", "idle")
    ]
    queues = [BackendQueue(str(model.backend_id), 1) for model in models]
    for number, queue in enumerate([queues[0], queues[0], queues[0], *queues[1:3]]):
        request = QueuedRequest(
            id=str(number),
            process="p",
            organisation_id=1,
            instance_id=1,
            person="p",
            is_batch=False,
            arrived_ms=number,
        )
        enter(queue, request, may_wait=True)

    def loads() -> dict[str, str]:
        return {line.model.id: line.load for line in picker_lines(cast.instance)}

    assert loads() == {
        "extractive": "",
        "busy": "Busy: 2 questions wait.",
        "shared": "Busy, with no other question waiting.",
        "idle": "No wait at the moment.",
    }
    for queue, hold_ms in zip(queues, (10_000, 90_000, 20_000, 1), strict=True):
        cache.client().hset(queue.keys[4], "hold_ms", hold_ms)
    assert loads()["busy"] == "Expected wait: up to 30\N{NO-BREAK SPACE}s."
    assert loads()["shared"] == "Expected wait: up to 20\N{NO-BREAK SPACE}s."


def test_line_says_when_a_model_that_slurm_starts_would_answer(cast: Cast) -> None:
    model = LanguageModelFactory(alias="slurm", backend__base_url="")
    backend_id = model.backend_id

    def line() -> Any:
        return {line.model.id: line for line in picker_lines(cast.instance)}["slurm"]

    for servers, told, is_unreachable in (
        (JobServers(starts_in_s=200), "Not running: a question starts it, about 4 minutes.", False),
        (JobServers(starts_in_s=30, is_starting=True), "Starting, about 1 minute.", False),
        (JobServers((JobServer(1, "http://127.0.0.1:9/v1"),)), "No wait at the moment.", False),
        (JobServers(is_failing=True), "No wait at the moment.", True),
    ):
        publish(backend_id, servers)
        assert (line().load, line().is_unreachable) == (told, is_unreachable)
    withdraw(backend_id)
    assert line().is_unreachable
