"""Speech to text, by any server of OpenAI's ``/v1/audio/transcriptions``."""
