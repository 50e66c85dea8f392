"""Entries of the audit log as sentences, in the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from instances.audit import Action
from instances.audit.detail_labels import LABELS, LISTS, WORDS
from instances.models import (
    AccessRule,
    AuditEntry,
    Instance,
    Organisation,
)

SENTENCES: Mapping[str, Promise] = {
    Action.ORGANISATION_CREATED: gettext_lazy("%(who)s created the organisation %(place)s."),
    Action.ORGANISATION_CHANGED: gettext_lazy("%(who)s changed the settings of %(place)s."),
    Action.ORGANISATION_DISABLED: gettext_lazy("%(who)s disabled %(place)s."),
    Action.ORGANISATION_ENABLED: gettext_lazy("%(who)s enabled %(place)s."),
    Action.ADMINISTRATOR_ADDED: gettext_lazy("%(who)s made %(target)s administrator of %(place)s."),
    Action.ADMINISTRATOR_REMOVED: gettext_lazy(
        "%(who)s removed %(target)s from the administrators of %(place)s."
    ),
    Action.OPERATOR_ADDED: gettext_lazy("%(who)s made %(target)s an operator of this site."),
    Action.OPERATOR_REMOVED: gettext_lazy(
        "%(who)s removed %(target)s from the operators of this site."
    ),
    Action.USER_DISABLED: gettext_lazy("%(who)s disabled the account of %(target)s."),
    Action.USER_ENABLED: gettext_lazy("%(who)s enabled the account of %(target)s."),
    Action.USER_CREATED: gettext_lazy("%(who)s created an account for %(target)s."),
    Action.USER_CHANGED: gettext_lazy("%(who)s changed the account of %(target)s."),
    Action.PASSWORD_ISSUED: gettext_lazy("%(who)s set another password for %(target)s."),
    Action.RESET_LINK_SENT: gettext_lazy(
        "%(who)s had a link to choose a new password sent to %(target)s."
    ),
    Action.ADDRESS_CHANGED: gettext_lazy("%(who)s changed the e-mail address of %(target)s."),
    Action.ACCOUNT_CONFIRMED: gettext_lazy(
        "%(who)s confirmed that only %(target)s uses their account."
    ),
    Action.USER_ERASED: gettext_lazy("%(who)s erased %(target)s with their personal data."),
    Action.LOGIN_ADDED: gettext_lazy("%(who)s added a login method to the account of %(target)s."),
    Action.LOGIN_REMOVED: gettext_lazy(
        "%(who)s removed a login method from the account of %(target)s."
    ),
    Action.LOGIN_RULE_CHANGED: gettext_lazy("%(who)s changed the login rule %(target)s."),
    Action.LOGIN_SOURCE_CHANGED: gettext_lazy("%(who)s changed the login source %(target)s."),
    Action.INSTANCE_REQUESTED: gettext_lazy("%(who)s requested the instance %(target)s."),
    Action.REQUEST_APPROVED: gettext_lazy("%(who)s approved the request for %(target)s."),
    Action.REQUEST_REFUSED: gettext_lazy("%(who)s refused the request for %(target)s."),
    Action.REQUEST_WITHDRAWN: gettext_lazy("%(who)s withdrew the request for %(target)s."),
    Action.INSTANCE_CREATED: gettext_lazy("%(who)s created the instance %(place)s."),
    Action.INSTANCE_CHANGED: gettext_lazy("%(who)s changed the settings of %(place)s."),
    Action.INSTANCE_TRANSFERRED: gettext_lazy("%(who)s transferred %(place)s to %(target)s."),
    Action.INSTANCE_SUSPENDED: gettext_lazy("%(who)s suspended %(place)s."),
    Action.INSTANCE_ARCHIVED: gettext_lazy("%(who)s archived %(place)s."),
    Action.INSTANCE_REACTIVATED: gettext_lazy("%(who)s reopened %(place)s."),
    Action.INSTANCE_NOTICE: gettext_lazy("%(who)s notified the owners of %(place)s of its disuse."),
    Action.DELETION_ASKED: gettext_lazy("%(who)s requested the deletion of %(place)s."),
    Action.DELETION_CANCELLED: gettext_lazy("%(who)s cancelled the deletion of %(place)s."),
    Action.INSTANCE_DELETED: gettext_lazy("%(who)s deleted %(place)s with all its contents."),
    Action.PEOPLE_SEARCHED: gettext_lazy("%(who)s searched for people to add to %(place)s."),
    Action.MEMBER_ADDED: gettext_lazy("%(who)s added %(target)s to %(place)s."),
    Action.MEMBER_JOINED: gettext_lazy("%(target)s joined %(place)s."),
    Action.MEMBER_CHANGED: gettext_lazy("%(who)s changed the access of %(target)s to %(place)s."),
    Action.MEMBER_REMOVED: gettext_lazy("%(who)s removed %(target)s from %(place)s."),
    Action.MEMBER_LOST: gettext_lazy("%(target)s lost access to %(place)s."),
    Action.RULE_ADDED: gettext_lazy("%(who)s added the access rule “%(target)s” to %(place)s."),
    Action.RULE_CHANGED: gettext_lazy("%(who)s changed the access rule “%(target)s” of %(place)s."),
    Action.RULE_REMOVED: gettext_lazy(
        "%(who)s removed the access rule “%(target)s” from %(place)s."
    ),
    Action.INVITATION_CREATED: gettext_lazy("%(who)s invited %(target)s to %(place)s."),
    Action.INVITATION_REVOKED: gettext_lazy(
        "%(who)s revoked the invitation of %(target)s to %(place)s."
    ),
    Action.INVITATION_ACCEPTED: gettext_lazy("%(who)s accepted the invitation to %(place)s."),
    Action.KEY_CREATED: gettext_lazy("%(who)s created the API key %(target)s in %(place)s."),
    Action.KEY_CONFIRMED: gettext_lazy(
        "%(who)s confirmed the API key %(target)s of %(place)s with a second factor."
    ),
    Action.KEY_REVOKED: gettext_lazy("%(who)s revoked the API key %(target)s of %(place)s."),
    Action.CHARTER_PUBLISHED: gettext_lazy("%(who)s published a usage charter of %(place)s."),
    Action.CHARTER_WITHDRAWN: gettext_lazy("%(who)s withdrew the usage charter of %(place)s."),
    Action.BACKEND_ADDED: gettext_lazy("%(who)s added the backend %(target)s."),
    Action.BACKEND_CHANGED: gettext_lazy("%(who)s changed the backend %(target)s."),
    Action.BACKEND_REMOVED: gettext_lazy("%(who)s removed the backend %(target)s."),
    Action.BACKEND_TESTED: gettext_lazy("%(who)s tested the connection to %(target)s."),
    Action.BACKEND_ACCESS_CHANGED: gettext_lazy(
        "%(who)s changed how %(place)s uses the backend %(target)s."
    ),
    Action.JOB_TEMPLATE_ADDED: gettext_lazy("%(who)s added the job template of %(target)s."),
    Action.JOB_TEMPLATE_CHANGED: gettext_lazy("%(who)s changed the job template of %(target)s."),
    Action.JOB_TEMPLATE_REMOVED: gettext_lazy("%(who)s removed the job template of %(target)s."),
    Action.JOB_STARTED: gettext_lazy("%(who)s started a job of %(target)s."),
    Action.JOB_STOPPED: gettext_lazy("%(who)s stopped a job of %(target)s."),
    Action.MODEL_ADDED: gettext_lazy("%(who)s added the model %(target)s."),
    Action.MODEL_CHANGED: gettext_lazy("%(who)s changed the model %(target)s."),
    Action.MODEL_REMOVED: gettext_lazy("%(who)s removed the model %(target)s."),
    Action.QUEUE_TURNS_CHANGED: gettext_lazy(
        "%(who)s changed the turns of %(place)s in the queues of the site's backends."
    ),
    Action.MODEL_RULES_CHANGED: gettext_lazy("%(who)s changed which models %(place)s may use."),
    Action.QUOTA_ADDED: gettext_lazy("%(who)s added the quota “%(target)s” to %(place)s."),
    Action.QUOTA_CHANGED: gettext_lazy("%(who)s changed the quota “%(target)s” of %(place)s."),
    Action.QUOTA_REMOVED: gettext_lazy("%(who)s removed the quota “%(target)s” from %(place)s."),
    Action.EVALUATION_CHANGED: gettext_lazy(
        "%(who)s changed when the golden questions of %(place)s are asked."
    ),
    Action.CHANGE_TRIED: gettext_lazy(
        "%(who)s asked for a change of the settings of %(place)s, which is tried first."
    ),
    Action.CHANGE_ACCEPTED: gettext_lazy(
        "%(who)s made a change of the settings of %(place)s that was held back."
    ),
    Action.CHANGE_DISCARDED: gettext_lazy(
        "%(who)s discarded a change of the settings of %(place)s that was held back."
    ),
    Action.VERSION_ACCEPTED: gettext_lazy(
        "%(who)s let a version of the document %(target)s answer that was held back."
    ),
    Action.VERSION_DISCARDED: gettext_lazy(
        "%(who)s deleted a version of the document %(target)s that was held back."
    ),
    Action.INDEX_STARTED: gettext_lazy("%(who)s began an index of %(place)s, by %(target)s."),
    Action.INDEX_CANCELLED: gettext_lazy("%(who)s cancelled an index of %(place)s."),
    Action.INDEX_SWITCHED: gettext_lazy("%(place)s uses a new index, by %(target)s."),
    Action.SOURCE_ADDED: gettext_lazy("%(who)s added the source “%(target)s” to %(place)s."),
    Action.SOURCE_CHANGED: gettext_lazy("%(who)s changed the source “%(target)s” of %(place)s."),
    Action.SOURCE_REMOVED: gettext_lazy("%(who)s deleted the source “%(target)s” of %(place)s."),
    Action.SOURCE_RUN: gettext_lazy("%(who)s ran the source “%(target)s” of %(place)s."),
    Action.DOCUMENT_CLASSIFIED: gettext_lazy(
        "%(who)s changed the sensitivity of the document %(target)s."
    ),
    Action.CONVERSATIONS_EXPIRED: gettext_lazy(
        "Conversations of %(place)s that had not been used for as long as it keeps them were "
        "deleted."
    ),
    Action.SENDING_REFUSED: gettext_lazy(
        "Content too sensitive for %(target)s was not sent to it (request of %(who)s)."
    ),
    Action.PERSONAL_DATA_DECIDED: gettext_lazy(
        "%(who)s asked %(target)s a question with personal data."
    ),
    Action.LOG_EXPORTED: gettext_lazy("%(who)s exported the audit log of %(place)s."),
    Action.LOG_KEY_CHANGED: gettext_lazy("%(who)s began to seal the audit log with a new key."),
}


def sentence(entry: AuditEntry) -> str:
    """Return the action as "Jeanne Martin (jmartin, no. 42) archived Faculté de droit."."""
    template = SENTENCES.get(entry.action)
    if template is None:
        return f"{entry.action} {entry.target}"
    return str(template) % {
        "who": _numbered(entry.actor_name, entry.actor_id) or _("The site itself"),
        "target": _numbered(entry.target, entry.target_id) or "—",
        "place": entry.place or _("the whole site"),
    }


def details(entry: AuditEntry) -> list[tuple[str, str]]:
    """Return the details as pairs of a label and a text; a change is "before → after"."""
    return [
        (_label(name, entry.target_kind), _in_words(name, value))
        for name, value in entry.detail.items()
        if value not in (None, "", [], {})
    ]


def _numbered(name: str, number: int | None) -> str:
    """Return a name with its unique number, in one pair of brackets."""
    if number is None:
        return name
    shown = _("no. %(number)s") % {"number": number}
    return f"{name[:-1]}, {shown})" if name.endswith(")") else f"{name} ({shown})"


def _label(name: str, target_kind: str) -> str:
    if name in LABELS:
        return capfirst(str(LABELS[name]))
    models: list[type[Model]] = [Instance, Organisation, AccessRule]
    targets = [model for model in apps.get_models() if model._meta.model_name == target_kind]
    for model in targets + models:
        field = next((one for one in model._meta.fields if one.name == name), None)
        if isinstance(field, Field):
            return capfirst(str(field.verbose_name))
    return name


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, list):
        shown = [_word(name, one) for one in value]
        is_change = len(value) == 2 and name not in LISTS
        return " → ".join(shown) if is_change else ", ".join(shown)
    return _word(name, value)


def _word(name: str, value: Any) -> str:
    if value in (None, ""):
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        pairs = ({"label": key, "words": _in_words("", one)} for key, one in value.items())
        return ", ".join(_("%(label)s: %(words)s") % pair for pair in pairs)
    if name in WORDS:
        return str(WORDS[name].get(value, value))
    return _moment(value) if isinstance(value, str) else formats.localize(value)


def _moment(text: str) -> str:
    """Return a time in the reader's format; any other text unchanged."""
    try:
        at: datetime | None = parse_datetime(text)
    except ValueError:
        return text
    if at is None or timezone.is_naive(at):
        return text
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT")
