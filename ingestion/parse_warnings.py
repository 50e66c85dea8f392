"""What a ready document lacks or hides: found by its parser, shown to its readers.

A warning is a code and details (pages, names of sheets, of files...). Both are stored; the sentence
is translated when it is shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MAX_DETAILS = 20
MAX_DETAIL_CHARS = 100


class WarningCode(StrEnum):
    """Stable codes: they are stored, and the API shows them."""

    # Left out of the text. The details are numbers of pages, then names of parts or files.
    IMAGE_ONLY_PAGES = "image_only_pages"
    UNREADABLE_PAGES = "unreadable_pages"
    OTHER_FRAMES = "other_frames"
    UNREADABLE_LETTERS = "unreadable_letters"
    UNREADABLE_PARTS = "unreadable_parts"
    UNREAD_FILES = "unread_files"
    UNREAD_FORM = "unread_form"
    UNCOMPUTED_FORMULAS = "uncomputed_formulas"
    DAMAGED_FILE = "damaged_file"
    HIDDEN_TEXT = "hidden_text"
    # In the text, although readers of the file do not see it. The details are names or numbers,
    # of which the sentence may say nothing.
    HIDDEN_SHEETS = "hidden_sheets"
    HIDDEN_CELLS = "hidden_cells"
    HIDDEN_SLIDES = "hidden_slides"
    INVISIBLE_TEXT = "invisible_text"
    # Files of an archive, or attached, that did not become documents. The details are their names.
    MEMBERS_ALREADY_HERE = "members_already_here"
    MEMBERS_UNSUPPORTED = "members_unsupported"
    MEMBERS_ENCRYPTED = "members_encrypted"
    MEMBERS_DAMAGED = "members_damaged"
    MEMBERS_EMPTY = "members_empty"
    MEMBERS_TOO_LARGE = "members_too_large"
    MEMBERS_WITHOUT_ROOM = "members_without_room"
    MEMBERS_NOT_FILES = "members_not_files"
    # In the text, and perhaps wrong: read by OCR. The details are numbers of pages.
    POOR_SCAN = "poor_scan"
    # Words that were heard with little certainty. The details are times.
    POOR_RECORDING = "poor_recording"
    # Text that gives orders to language models. The details are numbers of pages.
    MODEL_ORDERS = "model_orders"


@dataclass(frozen=True, slots=True)
class ParseWarning:
    """One warning; at most MAX_DETAILS details of at most MAX_DETAIL_CHARS characters."""

    code: WarningCode
    details: tuple[str, ...] = ()


_MESSAGES: Mapping[WarningCode, Promise] = {
    WarningCode.IMAGE_ONLY_PAGES: _(
        "These pages are images, whose text could not be read: %(details)s."
    ),
    WarningCode.OTHER_FRAMES: _("This image is animated: only its first frame was read."),
    WarningCode.POOR_SCAN: _(
        "These pages are poor scans, whose text may be wrong: %(details)s. Check what answers "
        "quote of them; if you can, scan them again, upright and at 300 dpi."
    ),
    WarningCode.POOR_RECORDING: _(
        "From these times on, the recording is poor, and its transcript may be wrong: %(details)s. "
        "Listen to it before you rely on what answers quote of it."
    ),
    WarningCode.UNREADABLE_PAGES: _("These pages could not be read: %(details)s."),
    WarningCode.UNREADABLE_LETTERS: _(
        "On these pages, some text was left out, as the fonts of the file do not tell its "
        "characters: %(details)s."
    ),
    WarningCode.UNREADABLE_PARTS: _(
        "These parts of the file are damaged and were left out, wholly or in part: %(details)s."
    ),
    WarningCode.UNREAD_FILES: _(
        "These files are attached to this one or embedded in it, and were not read: %(details)s. "
        "If you need them, add them on their own."
    ),
    WarningCode.UNREAD_FORM: _(
        "This file is a dynamic form (XFA), whose content could not be read. Print it to a new PDF "
        "file, then add that file."
    ),
    WarningCode.UNCOMPUTED_FORMULAS: _(
        "These sheets have formulas whose results are not in the file: %(details)s. Open the file "
        "in a spreadsheet program, save it, then add it again."
    ),
    WarningCode.DAMAGED_FILE: _("The file is damaged: what could be read of it was."),
    WarningCode.HIDDEN_TEXT: _("This file contains hidden text, which was left out."),
    WarningCode.HIDDEN_SHEETS: _(
        "These sheets are hidden in the file, but answers may use them: %(details)s."
    ),
    WarningCode.HIDDEN_CELLS: _(
        "These sheets have hidden rows or columns, which answers may use: %(details)s."
    ),
    WarningCode.HIDDEN_SLIDES: _(
        "These slides are hidden in the file, but answers may use them: %(details)s."
    ),
    WarningCode.INVISIBLE_TEXT: _(
        "This file contains text that cannot be seen (too small, covered, or in the colour of its "
        "background), which answers may use."
    ),
    WarningCode.MEMBERS_ALREADY_HERE: _("These files are already here: %(details)s."),
    WarningCode.MEMBERS_UNSUPPORTED: _(
        "These files are of kinds that cannot be read, or packed in a way that is not known: "
        "%(details)s."
    ),
    WarningCode.MEMBERS_ENCRYPTED: _(
        "These files are protected by a password: %(details)s. Add them on their own."
    ),
    WarningCode.MEMBERS_DAMAGED: _("These files are damaged: %(details)s."),
    WarningCode.MEMBERS_EMPTY: _("These files are empty: %(details)s."),
    WarningCode.MEMBERS_TOO_LARGE: _("These files are too large: %(details)s."),
    WarningCode.MEMBERS_WITHOUT_ROOM: _(
        "There was no room left in this instance for these files: %(details)s."
    ),
    WarningCode.MEMBERS_NOT_FILES: _(
        "These are links, devices or archives too deep in others, which are not unpacked: "
        "%(details)s."
    ),
    WarningCode.MODEL_ORDERS: _(
        "This document gives orders to language models (pages, slides or sheets: %(details)s). "
        "Answers quote documents, and do not obey them; check where this one comes from all the "
        "same."
    ),
}


def warning_message(warning: ParseWarning) -> str:
    """Return the translated sentence that tells a reader of a warning."""
    return str(_MESSAGES[warning.code]) % {"details": ", ".join(warning.details)}


def merged_warnings(warnings: Iterable[ParseWarning]) -> tuple[ParseWarning, ...]:
    """Return one warning a code, in order, with distinct details; "…" stands for those too many."""
    details: dict[WarningCode, dict[str, None]] = {}
    for warning in warnings:
        known = details.setdefault(warning.code, {})
        known.update(dict.fromkeys(detail[:MAX_DETAIL_CHARS] for detail in warning.details))
    return tuple(ParseWarning(code, _shortened(tuple(known))) for code, known in details.items())


def _shortened(details: tuple[str, ...]) -> tuple[str, ...]:
    return details if len(details) <= MAX_DETAILS else (*details[: MAX_DETAILS - 1], "…")
