"""The price of a request to a language model, from the prices of its tokens."""

from decimal import Decimal

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage

CURRENCY = "EUR"
_PRICED_TOKENS = 1_000_000


def cost_of(model: ModelFigures, tokens: TokenUsage | None) -> Decimal | None:
    """Return the price of a request in ``CURRENCY``; None if the model has no price."""
    if tokens is None or (model.prompt_price is None and model.completion_price is None):
        return None
    read = tokens.prompt_tokens * (model.prompt_price or Decimal())
    written = tokens.completion_tokens * (model.completion_price or Decimal())
    return (read + written) / _PRICED_TOKENS
