"""The strings of the scripts of the conversation page; scripts replace ``{name}``."""

from django.utils.translation import gettext as _

from ingestion.documents.browser_strings import document_strings


def chat_strings() -> dict[str, str]:
    """Return the strings of the conversation page in the active language."""
    return _progress() | _sources() | _actions() | _attachments()


def _progress() -> dict[str, str]:
    return {
        "searching": _("Searching the documents…"),
        "generating": _("Writing the answer…"),
        "answerComplete": _("The answer is complete. Sources cited: {n}."),
        "answerInterrupted": _("The answer was interrupted."),
        "connectionLost": _("Connection lost. The answer continues as soon as it is back."),
        "streamRefused": _("The answer can no longer be followed. Reload the page to see it."),
        "unknownError": _("The answer could not be given."),
        "extractsInstead": _("Extracts from the documents replace its answer."),
    }


def _sources() -> dict[str, str]:
    return {
        "openSource": _("Source {number}: {document}, {place}"),
        "source": _("Source {number}"),
        "sources": _("Sources"),
        "toVerify": _("Not confirmed"),
        "notConfirmed": _("not confirmed: {reason}"),
    }


def _attachments() -> dict[str, str]:
    plain = document_strings()
    return {key: plain[key] for key in ("tooLarge", "unreadable", "empty", "sending", "noFile")} | {
        "attachmentReady": _("{name} is ready."),
        "removeAttachment": _("Remove {name} from this conversation"),
        "notSent": _("The server could not take this file. Remove it, then attach it again."),
        "loggedOut": _("You are logged out. Log in again in another tab, then attach it again."),
        "pastedText": _("Pasted text"),
    }


def _actions() -> dict[str, str]:
    return {
        "readAloud": _("Read the answer aloud"),
        "stopReading": _("Stop reading aloud"),
        "copyCode": _("Copy the code"),
        "copied": _("Copied"),
        "copyRefused": _("The browser refuses to copy. The text is selected: copy it yourself."),
        "answerCopied": _("Answer copied, with its sources"),
        "feedbackThanks": _("Thank you, your rating is saved"),
        "feedbackRemoved": _("Your rating is removed"),
        "versionOf": _("Version {n} of {total}"),
        "removeDocument": _("Remove {name} from the restriction"),
        "folders": _("Folders"),
        "tags": _("Tags"),
        "documents": _("Documents"),
        "documentsShown": _("{shown} of {total}"),
        "dropRefused": _("Files cannot be added here."),
        "noDocument": _("No document is ready yet."),
        "noDocumentFound": _("No document has this name."),
    }
