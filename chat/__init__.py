"""Questions and answers: conversations, prompts, streaming."""
