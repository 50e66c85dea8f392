"""Whether the sentences of a passage answer a question, and which of them do."""
