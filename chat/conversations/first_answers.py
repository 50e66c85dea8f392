"""First answers by extracts or a smaller model, and answers on demand (decision 031)."""

from chat.conversations.turns import Asked
from chat.models import Message
from inference.catalogue import choose_first_model, model_on_demand
from inference.offered_models import OfferedModel
from usage.models import UsageRecord
from usage.recording import FrugalStep

_Step = UsageRecord.Step


def frugal_step(asked: Asked, model: OfferedModel, *, is_anew: bool) -> FrugalStep | None:
    """Return the step of an answer that ``model`` will give, None where no step is saved or spent.

    ``is_anew``: it is another answer to its question. The first one on demand counts, if a first
    answer came before. Runs inside ``tenant(instance)``.
    """
    instance = asked.conversation.instance
    on_demand = model_on_demand(instance)
    if on_demand is None:
        return None
    first = choose_first_model(instance)
    if not is_anew:
        return FrugalStep(_Step.FIRST, on_demand.id) if model.id == first.id else None
    before = Message.objects.filter(parent=asked.question).exclude(pk=asked.answer.pk)
    models = set(before.values_list("model", flat=True))
    if model.id != on_demand.id or first.id not in models or on_demand.id in models:
        return None
    return FrugalStep(_Step.ON_DEMAND, first.id)
