"""The translated strings of the documents' scripts; ``{name}`` is a placeholder."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ingestion.parsing.media_types import EXTENSIONS
from instances.sizes import format_bytes


def upload_limit() -> str:
    """Return the maximum size of a file that is sent at once, formatted for people."""
    return format_bytes(settings.MAX_UPLOAD_BYTES)


def upload_context() -> dict[str, Any]:
    """Return what the template of uploads needs."""
    return {
        "accept": ",".join(ending for endings in EXTENSIONS.values() for ending in endings),
        "max_upload_bytes": settings.MAX_RESUMABLE_BYTES,
        "upload_limit": format_bytes(settings.MAX_RESUMABLE_BYTES),
    }


def document_strings() -> dict[str, str]:
    """Return the strings of the upload queue and of the live list, in the active language.

    A count has two keys, ``….one`` and ``….other``, chosen as Intl.PluralRules does.
    """
    strings = _plain()
    for category, n in (("one", 1), ("other", 2)):
        strings |= {f"{key}.{category}": text for key, text in _counted(n).items()}
    return strings


def _plain() -> dict[str, str]:
    return {
        "tooLarge": _(
            "This file is larger than {limit}. Split it into smaller files, or compress its images."
        ),
        "unreadable": _(
            "Text cannot be read from this kind of file. Add a PDF, an Office file, a web page "
            "or plain text instead."
        ),
        "empty": _("This file is empty."),
        "gone": _("Your browser could not read this file. If it was moved, choose it again."),
        "duplicate": _("Already here:"),
        "network": _("The connection was cut several times. Check it, then try again."),
        "paused": _("paused"),
        "firstFolder": _("Send {name} first"),
        "pauseFolder": _("Pause {name}"),
        "resumeFolder": _("Continue {name}"),
        "stopFolder": _("Cancel {name}, also what is not ready yet"),
        "refused": _("The server could not take this file. Try again in a moment."),
        "waiting": _("Connection lost. The upload resumes automatically in a moment…"),
        "checking": _("Sent, being checked…"),
        "sending": _("{percent} sent"),
        "retry": _("Try again"),
        "stop": _("Stop sending {name}"),
        "dismiss": _("Remove {name} from this list"),
        "noFile": _("You did not drop a file."),
    }


def _counted(n: int) -> dict[str, str]:
    return {
        "progress": ngettext("{done} of {n} file sent", "{done} of {n} files sent", n),
        "finished": ngettext("{n} file sent", "{n} files sent", n),
        "duplicates": ngettext("{n} was already here", "{n} were already here", n),
        "problems": ngettext("{n} file was not added", "{n} files were not added", n),
        "becameReady": ngettext("{name} is ready", "{n} documents are ready", n),
        "becameFailed": ngettext("{name} failed", "{n} documents failed", n),
        "selected": ngettext("{n} document selected", "{n} documents selected", n),
    }
