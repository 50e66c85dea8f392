"""What an answer cost, as its readers see it: one line, and details on demand."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from usage.comparisons import compared
from usage.models import UsageRecord
from usage.request_costs import RequestCost
from usage.wording import carbon, count, energy, money, number, seconds, water

_Line = tuple[str, str]

_BY_LLM = (UsageRecord.Kind.ANSWER, UsageRecord.Kind.REWRITING)
_NOT_COUNTED = {
    UsageRecord.Method.LOCAL: gettext_lazy(
        "The database, the network, your device, and the manufacture of the servers."
    ),
    UsageRecord.Method.MEASURED: gettext_lazy(
        "What the servers draw beside their graphics cards, unless their operators have stated it; "
        "the network, your device, the storage of documents, and the training of the model. The "
        "manufacture of the servers is not measured, but modelled."
    ),
    UsageRecord.Method.CALIBRATED: gettext_lazy(
        "What was left out when the model was calibrated; the network, your device, the storage of "
        "documents, and the training of the model. The manufacture of the servers is modelled."
    ),
    UsageRecord.Method.MODELLED: gettext_lazy(
        "The network, your device, the storage of documents, and the training of the model."
    ),
}


def shown_cost(cost: RequestCost) -> dict[str, Any]:
    """Return the line under an answer (``summary``), and ``details`` as pairs of term and text."""
    energy_wh, gco2e = cost.energy_wh, cost.gco2e
    return {
        "energy_wh": energy_wh,
        "gco2e": gco2e,
        "method": cost.answer.method,
        "summary": " · ".join([seconds(cost.answer.total_ms), energy(energy_wh), carbon(gco2e)]),
        "details": [
            *_energy(cost),
            *_environment(cost),
            *_stated_by_backend(cost),
            *_work(cost),
            (_("Comparison"), compared(energy_wh, gco2e)),
        ],
    }


def _energy(cost: RequestCost) -> Iterator[_Line]:
    answer, low, high = cost.answer, cost.total("energy_min_wh"), cost.total("energy_max_wh")
    text = energy(cost.energy_wh)
    if energy(low) != energy(high):
        text = _("%(energy)s, between %(low)s and %(high)s") % {
            "energy": text,
            "low": energy(low),
            "high": energy(high),
        }
    yield _("Energy"), text
    if answer.prefill_wh is not None and answer.decode_wh is not None:
        yield (
            _("Of which"),
            _("%(read)s to read, %(written)s to write")
            % {
                "read": energy(cost.total("prefill_wh")),
                "written": energy(cost.total("decode_wh")),
            },
        )
    if answer.idle_wh:
        yield _("Share of idle time"), energy(cost.total("idle_wh"))
    yield _("Method"), f"{answer.get_method_display()} ({answer.method_version})"
    if answer.outcome == UsageRecord.Outcome.CACHED:
        yield (
            _("Saved"),
            _("%(energy)s, which the earlier answer took") % {"energy": energy(answer.avoided_wh)},
        )
    for record in cost.beside:
        if record.method == UsageRecord.Method.UNKNOWN:
            yield record.get_kind_display(), _("not known: nothing is stated of the server")
            continue
        yield (
            record.get_kind_display(),
            _("%(energy)s, not included (%(method)s)")
            % {"energy": energy(record.energy_wh), "method": record.get_method_display()},
        )


def _environment(cost: RequestCost) -> Iterator[_Line]:
    answer, embodied = cost.answer, cost.total("gco2e_embodied")
    used = carbon(cost.total("gco2e_usage"))
    if embodied:
        used = _("%(used)s in use, %(made)s for the manufacture of the servers") % {
            "used": used,
            "made": carbon(embodied),
        }
    yield _("Carbon"), used
    factor = _("%(grams)s g CO₂e per kWh") % {"grams": number(answer.carbon_g_per_kwh)}
    yield _("Electricity"), f"{factor} ({answer.carbon_source})"
    yield _("Water"), water(cost.total("water_l"))


def _work(cost: RequestCost) -> Iterator[_Line]:
    answer = cost.answer
    if answer.completion_tokens:
        # Those of language models; the search reads its query, too.
        by_llm = [record for record in cost.records if record.kind in _BY_LLM]
        text = _("%(read)s read, %(written)s written") % {
            "read": count(sum(record.prompt_tokens for record in by_llm)),
            "written": count(sum(record.completion_tokens for record in by_llm)),
        }
        if answer.tokens_estimated:
            text = _("%(tokens)s (estimated)") % {"tokens": text}
        yield _("Tokens"), text
    if answer.first_token_ms is not None:
        yield (
            _("Time"),
            _("first word after %(first)s, search %(search)s")
            % {
                "first": seconds(answer.first_token_ms),
                "search": seconds(answer.retrieval_ms),
            },
        )
    costs = [record.cost for record in cost.records if record.cost is not None]
    if costs:
        yield _("Price"), money(sum(costs, Decimal()), answer.currency)
    yield _("Not counted"), str(_NOT_COUNTED[UsageRecord.Method(answer.method)])


def _stated_by_backend(cost: RequestCost) -> Iterator[_Line]:
    """What the backend itself says, by a method of its own: never added to our figures."""
    stated = [
        (cost.stated("backend_energy_wh"), energy),
        (cost.stated("backend_gco2e"), carbon),
        (cost.stated("backend_cost"), _cost_of_backend),
    ]
    said = [write(value) for value, write in stated if value is not None]
    if said:
        yield (
            _("Stated by the backend"),
            _("%(figures)s, by its own method, not included") % {"figures": ", ".join(said)},
        )


def _cost_of_backend(value: float) -> str:
    return _("%(number)s in its unit of cost") % {"number": number(value)}
