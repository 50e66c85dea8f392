"""Energy of a request from the energy per token of its model, entered or fitted before.

    PUE × (J per token read × (prompt − cached) + J per token written × completion)

It is one figure: its uncertainty is that of the calibration, which is not known here.
"""

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from usage.energy.figures import J_PER_WH, Energy, tokens_read


def calibrated_energy(model: ModelFigures, tokens: TokenUsage) -> Energy | None:
    """Return the energy of a request; None for a model that is not calibrated."""
    prompt_j, completion_j = model.prompt_j_per_token, model.completion_j_per_token
    if prompt_j is None or completion_j is None:
        return None
    prefill_wh = model.pue * prompt_j * tokens_read(tokens) / J_PER_WH
    decode_wh = model.pue * completion_j * tokens.completion_tokens / J_PER_WH
    total_wh = prefill_wh + decode_wh
    return Energy(
        low_wh=total_wh,
        middle_wh=total_wh,
        high_wh=total_wh,
        prefill_wh=prefill_wh,
        decode_wh=decode_wh,
        method="calibrated",
        version=f"{prompt_j:g} J per token read, {completion_j:g} J per token written",
    )
