"""``/v1``: the OpenAI-compatible API, with which any OpenAI client can query an instance.

Every answer begins in ``api_answer.start_answer``, whatever its format.
"""
