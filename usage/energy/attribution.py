r"""Measured energy of servers, shared among the requests that they answered at the same time.

A server with batching answers many requests at once; its energy counters know nothing of requests.
So energy and tokens are counted over windows of some seconds, and the energy of a window k is
explained by what was done in it:

    E_k = idle · T_k + Σ_models (prompt_m · p_mk + completion_m · g_mk + step_m · s_mk)

with T_k its duration, p the prompt tokens that were not cached, g the generated tokens, s the steps
of the model (each writes one token of all its requests, so a token costs less in a full batch). The
coefficients (W and J, none negative) are fitted on the last windows by non-negative least squares.
Windows of one load tell nothing about the split; windows of different loads do.

A request then takes

    marginal = prompt_m · (p − c) + (completion_m + step_m · s_mk / g_mk) · g
             = J per weighted token · (α · (p − c) + g)
    idle     = marginal · (idle energy of the windows with work) ÷ (marginal energy of all windows)

so that all requests together take what the counters say. The idle energy of windows without work is
nobody's request (``Attribution.unused_j``). Marginal and idle shares are kept apart: the second
falls when the server is used more, the first does not.

The *naive share*, for comparison: the energy of the windows, divided by all their tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

# Fewer windows with work cannot separate the coefficients.
MIN_WINDOWS = 20
# Windows of about the length of an answer.
LATEST_WINDOWS = 4


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens of one model in a window: read and not cached, written; and its steps, if reported."""

    prompt: float
    completion: float
    steps: float = 0.0

    @property
    def total(self) -> float:
        """Tokens read and written."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class Window:
    """Some seconds of a server: the energy that it took, and the tokens of each of its models."""

    seconds: float
    joules: float
    tokens: Mapping[str, TokenCounts]

    @property
    def has_work(self) -> bool:
        """Whether any model did anything."""
        return any(counts.total for counts in self.tokens.values())


@dataclass(frozen=True, slots=True)
class JoulesPerToken:
    """The energy that a token read, and a token written, adds to that of the server."""

    prompt: float
    completion: float

    def marginal_j(self, counts: TokenCounts) -> float:
        """Return the energy that some tokens add."""
        return self.prompt * counts.prompt + self.completion * counts.completion


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Joules for a token read, for a token written, and for a step of a model."""

    prompt_j: float
    completion_j: float
    step_j: float

    def per_token(self, counts: TokenCounts) -> JoulesPerToken:
        """Return the energy of tokens in a window with these counts, which share its steps."""
        steps_a_token = counts.steps / counts.completion if counts.completion else 0.0
        return JoulesPerToken(self.prompt_j, self.completion_j + self.step_j * steps_a_token)

    def window_j(self, counts: TokenCounts) -> float:
        """Return the energy of all work in a window."""
        return (
            self.prompt_j * counts.prompt
            + self.completion_j * counts.completion
            + self.step_j * counts.steps
        )


@dataclass(frozen=True, slots=True)
class Attribution:
    """The fitted coefficients, and how well they explain the windows.

    ``idle_ratio`` is the idle energy of a request over its marginal energy. ``relative_error`` is
    the root mean square of what is not explained, over the mean energy of a window with work.
    """

    models: Mapping[str, Coefficients]
    idle_w: float
    idle_ratio: float
    unused_j: float
    relative_error: float
    windows: int


def fit(windows: Sequence[Window]) -> Attribution | None:
    """Return the attribution of the windows; None while they are too few to tell."""
    has_work = np.array([window.has_work for window in windows], bool)
    if has_work.sum() < MIN_WINDOWS:
        return None
    names = sorted({name for window in windows for name in window.tokens})
    features = np.array([_features(window, names) for window in windows])
    seconds, joules = features[:, 0], np.array([window.joules for window in windows])
    coefficients = _non_negative_least_squares(features, joules)
    idle_w, per_token = float(coefficients[0]), coefficients[1:].reshape(-1, 3)
    marginal_j = float(np.sum(features[:, 1:] @ coefficients[1:]))
    residuals = (features @ coefficients - joules)[has_work]
    return Attribution(
        models={
            name: Coefficients(*values)
            for name, values in zip(names, per_token.tolist(), strict=True)
        },
        idle_w=idle_w,
        idle_ratio=idle_w * float(seconds[has_work].sum()) / marginal_j if marginal_j else 0.0,
        unused_j=idle_w * float(seconds[~has_work].sum()),
        relative_error=sqrt(float(np.mean(residuals**2))) / float(joules[has_work].mean()),
        windows=len(windows),
    )


def current_joules_per_token(
    attribution: Attribution, windows: Sequence[Window]
) -> dict[str, JoulesPerToken]:
    """Return the energy of tokens now: of each model, in the batches of its latest windows."""
    found = {}
    for name, coefficients in attribution.models.items():
        seen = [window.tokens[name] for window in windows if name in window.tokens]
        latest = [counts for counts in seen if counts.completion][-LATEST_WINDOWS:]
        completion = sum(counts.completion for counts in latest)
        steps = sum(counts.steps for counts in latest)
        found[name] = coefficients.per_token(TokenCounts(0.0, completion, steps))
    return found


def naive_joules_per_token(windows: Sequence[Window]) -> float:
    """Return the energy of all windows, divided by all tokens; 0 without tokens."""
    tokens = sum(counts.total for window in windows for counts in window.tokens.values())
    return sum(window.joules for window in windows) / tokens if tokens else 0.0


def _features(window: Window, names: Sequence[str]) -> list[float]:
    counts = [window.tokens.get(name, TokenCounts(0, 0)) for name in names]
    work = ((each.prompt, each.completion, each.steps) for each in counts)
    return [window.seconds, *(value for values in work for value in values)]


def _non_negative_least_squares(
    features: NDArray[np.float64], joules: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the coefficients; columns are scaled to the same size, for the precision."""
    # Loaded where it is used: most processes never fit.
    from scipy.optimize import nnls

    scale = np.maximum(np.abs(features).max(axis=0), 1e-12)
    coefficients, _residual = nnls(features / scale, joules)
    fitted: NDArray[np.float64] = coefficients / scale
    return fitted
