"""What an answer will spend at most, probably: for quotas, before the answer begins."""

from django.conf import settings

from chat.answering import Question, longest_answer
from inference.llm.tokens import estimate_prompt_tokens, estimate_tokens
from inference.routing import smallest_context_window
from inference.token_usage import TokenUsage
from usage.quotas.charging import Expected

# The rules of the prompt, and the names of the passages.
_AROUND_TOKENS = 600
# The self-contained form of a question, and the rules by which it is written.
_REWRITING_TOKENS = 200


def expected_of(question: Question) -> Expected:
    """Return the upper estimate of the tokens of an answer and of the rewriting of its question."""
    model = question.model
    if model.is_extractive:
        return Expected(model=model.figures, tokens=TokenUsage(0, 0))
    context_window = smallest_context_window(model) or settings.LLM_CONTEXT_WINDOW
    max_tokens = longest_answer(question, context_window)
    history = estimate_prompt_tokens(question.history)
    instructions = (question.instance.instructions, question.instructions)
    read = (
        estimate_tokens(question.text)
        + sum(map(estimate_tokens, instructions))
        + question.instance.top_k * settings.CHUNK_TOKENS
        + history
        + _AROUND_TOKENS
    )
    read = min(read, context_window - max_tokens)
    if question.history:
        read, max_tokens = read + history, max_tokens + _REWRITING_TOKENS
    return Expected(model=model.figures, tokens=TokenUsage(read, max_tokens))
