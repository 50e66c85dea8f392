"""Labels of the names and values in the details of audit entries."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from instances.models import (
    AccessRule,
    Affiliation,
    ApiKey,
    Instance,
    Organisation,
    Role,
    Sensitivity,
)

# Labels of the names in ``detail``; settings have the labels of their model fields.
LABELS: Mapping[str, Promise] = {
    "affiliations": gettext_lazy("affiliations"),
    "answer": gettext_lazy("answer"),
    "archived_on": gettext_lazy("archived on"),
    "asked": gettext_lazy("names searched"),
    "conversations": gettext_lazy("conversations"),
    "days": gettext_lazy("days without use"),
    "decision": gettext_lazy("decision"),
    "due_at": gettext_lazy("due on"),
    "enabled": gettext_lazy("enabled"),
    "entity_id": gettext_lazy("entity ID"),
    "expected_members": gettext_lazy("expected members"),
    "fields": gettext_lazy("fields"),
    "format": gettext_lazy("format"),
    "found": gettext_lazy("accounts found"),
    "former_owner": gettext_lazy("former owner"),
    "former_role": gettext_lazy("former role"),
    "holds_back": gettext_lazy("changes that lower the score are held back"),
    "invitation": gettext_lazy("number of the invitation"),
    "is_by_model": gettext_lazy("answers by the model"),
    "is_enabled": gettext_lazy("enabled"),
    "issuer": gettext_lazy("issuer"),
    "job": gettext_lazy("Job"),
    "key": gettext_lazy("key"),
    "kind": gettext_lazy("kind"),
    "kinds": gettext_lazy("kinds"),
    "lost": gettext_lazy("people who lost access"),
    "organisation_ids": gettext_lazy("numbers of the organisations"),
    "models_allowed": gettext_lazy("allowed models"),
    "models_default": gettext_lazy("default model"),
    "models_max_tokens": gettext_lazy("longest answer (tokens)"),
    "passages": gettext_lazy("passages not sent"),
    "priority": gettext_lazy("priority"),
    "provider": gettext_lazy("provider"),
    "reason": gettext_lazy("reason"),
    "removed": gettext_lazy("removed"),
    "request_priority": gettext_lazy("priority of requests"),
    "requested_by": gettext_lazy("requested by"),
    "required": gettext_lazy("required attributes"),
    "role": gettext_lazy("role"),
    "routing_mode": gettext_lazy("routing"),
    "rows": gettext_lazy("rows"),
    "rule": gettext_lazy("number of the rule"),
    "schedule": gettext_lazy("schedule"),
    "scope": gettext_lazy("scope"),
    "scopes": gettext_lazy("domains"),
    "searched": gettext_lazy("searched for"),
    "until": gettext_lazy("until"),
    "url": gettext_lazy("address"),
    "version": gettext_lazy("version"),
}
# Labels of values that are stored as codes.
WORDS: Mapping[str, Mapping[str, Any]] = {
    "key": {"replaced": gettext_lazy("replaced"), "removed": gettext_lazy("removed")},
    "decision": {
        "redact": gettext_lazy("masked before sending"),
        "send": gettext_lazy("sent as it is"),
    },
    "reason": {
        "time": gettext_lazy("their end date had passed"),
        Instance.DISUSE_REASON: gettext_lazy("It was not used for a long time."),
    },
    "role": dict(Role.choices),
    "former_role": dict(Role.choices),
    "kind": dict(Instance.Kind.choices),
    "scope": dict(ApiKey.Scope.choices),
    "schedule": {
        "never": gettext_lazy("Never"),
        "hourly": gettext_lazy("Every hour"),
        "daily": gettext_lazy("Every day"),
        "weekly": gettext_lazy("Every week"),
    },
    "sensitivity": dict(Sensitivity.choices),
    "second_factor": dict(Instance.SecondFactor.choices),
    "strictness": dict(Instance.Strictness.choices),
    "creation_rule": dict(Organisation.CreationRule.choices),
    "audience": dict(AccessRule.Audience.choices),
    "affiliations": dict(Affiliation.choices),
}
# Names whose lists are not "before, after"; "" is for lists inside another value.
LISTS = {"", "affiliations", "fields", "kinds", "organisation_ids", "scopes"}
