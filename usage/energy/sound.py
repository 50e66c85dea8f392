"""Energy of sound that a model of another server transcribes.

With the J per second of sound that its operator states:

    PUE × J per second × seconds

else modelled as a text of so many tokens (``usage.energy.modelled``): Whisper reads 1,500 positions
for 30 seconds (Radford et al. 2022, arXiv:2212.04356, 2.2), and 150 words a minute, as people
speak, are some three tokens a second.
"""

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from usage.energy.figures import J_PER_WH, Energy

READ_PER_S = 50
WRITTEN_PER_S = 3


def tokens_of_sound(seconds: float) -> TokenUsage:
    """Return the tokens by which sound is modelled."""
    return TokenUsage(round(READ_PER_S * seconds), round(WRITTEN_PER_S * seconds))


def stated_energy(model: ModelFigures, seconds: float) -> Energy | None:
    """Return the energy by what the operator states; None where nothing is stated."""
    if model.audio_j_per_second is None:
        return None
    wh = model.pue * model.audio_j_per_second * seconds / J_PER_WH
    return Energy(
        low_wh=wh,
        middle_wh=wh,
        high_wh=wh,
        method="calibrated",
        version=f"{model.audio_j_per_second:g} J per second of sound",
    )
