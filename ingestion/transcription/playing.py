"""The player of a recording: where it begins, and its captions. Inside ``tenant(instance)``."""

from dataclasses import dataclass

from ingestion.models import Document, DocumentPage
from ingestion.parsing.media_types import FILMS, RECORDINGS
from ingestion.parsing.subtitles.parser import time_label
from ingestion.transcription.parts import transcript_of
from ingestion.transcription.transcript import seconds_of


@dataclass(frozen=True, slots=True)
class Player:
    """A player that begins at ``start_s``; ``language`` is that of the captions, "" if unknown."""

    start_s: int
    is_film: bool
    has_captions: bool
    language: str

    @property
    def start(self) -> str:
        """Where it begins, as players show it."""
        return time_label(self.start_s)


def player_of(document: Document, number: int, quote: str = "") -> Player | None:
    """Return the player of a recording, at what is said on page ``number``, or at the moment on it
    at which ``quote`` begins; None for other documents."""
    if document.media_type not in RECORDINGS:
        return None
    pages = DocumentPage.objects.for_instance(document.instance_id).filter(document=document)
    labels = dict(pages.filter(number__in=(number, number + 1)).values_list("number", "label"))
    start_s = seconds_of(labels.get(number, "")) or 0
    if quote:
        until_s = seconds_of(labels.get(number + 1, ""))
        transcript = transcript_of(document)
        start_s = transcript.moment_of(quote, from_s=start_s, until_s=until_s)
    return Player(
        start_s=start_s,
        is_film=document.media_type in FILMS,
        has_captions=document.transcribed_s > 0,
        language=document.language,
    )
