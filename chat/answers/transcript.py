"""What has come of an answer so far: it survives a stop, a failure, and a browser that left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from chat.answers.events import Answered, AnswerEvent, Outcome, Reasoning, Sources, Text
from chat.answers.quotes import cited_numbers, quotes
from inference.llm.backend import ChatMessage
from inference.llm.events import TokenUsage
from inference.llm.tokens import estimate_prompt_tokens, estimate_tokens
from retrieval.search import RetrievedChunk


@dataclass
class Transcript:
    """Grows with each event; ``ending`` closes it."""

    model_id: str
    text: str = ""
    reasoning: str = ""
    search_query: str = ""
    chunks: tuple[RetrievedChunk, ...] = ()
    prompt: Sequence[ChatMessage] = ()
    # Of the generation, as the backend counted it; of the rewriting of the question.
    usage: TokenUsage | None = None
    rewriting_usage: TokenUsage | None = None
    # A code to show with a whole answer: cut at the length limit, prompt truncated by the server…
    warning: str = ""
    retrieval_ms: float = 0.0
    first_token_ms: float | None = None
    cpu_seconds: float = 0.0
    _asked_model_id: str = field(init=False)
    _started: float = field(default_factory=perf_counter)
    _ended: Answered | None = None

    def __post_init__(self) -> None:
        self._asked_model_id = self.model_id

    def add(self, event: AnswerEvent) -> AnswerEvent:
        """Take an event in, and hand it on."""
        match event:
            case Sources():
                self.chunks, self.search_query = event.chunks, event.search_query
                self.retrieval_ms = event.retrieval_ms
            case Text():
                self.text += event.text
                self._note_first_token()
            case Reasoning():
                self.reasoning += event.text
                self._note_first_token()
            case Answered():
                self._ended = event
        return event

    def ending(self, outcome: Outcome = "stopped", error_code: str = "") -> Answered:
        """Return the end that came, or make one of ``outcome`` from what is here."""
        if self._ended is not None:
            return self._ended
        cited = cited_numbers(self.text, len(self.chunks))
        found = quotes(self.text, [chunk.text for chunk in self.chunks])
        return Answered(
            outcome=outcome,
            model_id=self.model_id,
            asked_model_id=self._asked_model_id,
            text=self.text,
            reasoning=self.reasoning,
            quotes={number: found.get(number, "") for number in cited},
            usage=self._total_usage(),
            cpu_seconds=self.cpu_seconds,
            retrieval_ms=self.retrieval_ms,
            first_token_ms=self.first_token_ms,
            total_ms=1000 * (perf_counter() - self._started),
            error_code=error_code or self.warning,
        )

    def _total_usage(self) -> TokenUsage | None:
        """Return the tokens of every request to a model that belongs to the answer."""
        generation = self._generation_usage()
        if generation is None or self.rewriting_usage is None:
            return generation or self.rewriting_usage
        return self.rewriting_usage + generation

    def _generation_usage(self) -> TokenUsage | None:
        """Return the tokens of the generation, estimated when the backend has not counted.

        None without a backend, and for one that failed before it said anything.
        """
        if self.usage is not None or not self.prompt or self.model_id != self._asked_model_id:
            return self.usage
        return TokenUsage(
            prompt_tokens=estimate_prompt_tokens(self.prompt),
            completion_tokens=estimate_tokens(self.text) + estimate_tokens(self.reasoning),
            estimated=True,
        )

    def _note_first_token(self) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = 1000 * (perf_counter() - self._started)
