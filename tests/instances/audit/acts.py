"""Every act of the settings and the consoles, with the action that it leaves in the audit log.

A new page that takes a POST must be named here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from instances.models import Instance
from tests.cast import Cast
from tests.instances.audit.forms import (
    BACKEND,
    CHARTER,
    FEED,
    JOB_TEMPLATE,
    MODEL,
    PERSON,
    QUOTA,
    RULE,
)
from tests.instances.audit.preparing import (
    asked_by_me,
    belonging,
    in_organisation,
    naming_a_member,
    naming_the_newcomer,
    naming_the_person,
    of_feed,
    with_a_charter,
    with_a_job,
    with_a_job_template,
    with_an_index,
    with_certificate,
    with_controller,
    with_metadata,
    with_my_key,
    with_second_factor,
)


@dataclass(frozen=True)
class Act:
    """What to fill in, what must be before, and the action that the log then tells of."""

    action: str
    form: dict[str, Any] = field(default_factory=dict)
    # The status of the instance before.
    status: str = Instance.Status.ACTIVE
    # Whether it is done in a session with a second factor.
    second_factor: bool = False
    # More of the form, and what must be there.
    prepare: Callable[[Cast, dict[str, Any]], dict[str, Any]] = lambda _cast, _values: {}


ACTS_OF_OPERATORS = {
    "new_organisation": Act("organisation.created", {"name": "INSA"}),
    "operators": Act("operator.added", PERSON, prepare=naming_the_newcomer),
    "operator_remove": Act("operator.removed"),
    "feed_add": Act("login_source.changed", FEED, prepare=with_certificate),
    "feed_change": Act("login_source.changed", FEED, prepare=with_certificate),
    "feed_switch": Act("login_source.changed"),
    "feed_remove": Act("login_source.changed"),
    "identity_provider_add": Act("login_source.changed", prepare=with_metadata),
    "identity_provider_switch": Act("login_source.changed"),
    "identity_provider_remove": Act("login_source.changed"),
    "oidc_provider_remove": Act("login_source.changed"),
    "login_rule_add": Act("login_rule.changed", prepare=of_feed),
    "login_rule": Act("login_rule.changed", {"affiliations": ["staff"]}),
    "login_rule_switch": Act("login_rule.changed"),
    "login_rule_remove": Act("login_rule.changed"),
    "user_account_add": Act("user.created", {"username": "nouvelle"}),
    "user_account_change": Act("user.changed", {"username": "renommee"}),
    "user_account_switch": Act("user.disabled"),
    "user_account_password": Act("password.issued"),
    "user_account_second_factors": Act("login.removed", prepare=with_second_factor),
    "user_account_confirm": Act("account.confirmed", prepare=with_controller),
    "user_account_erase": Act("user.erased", prepare=naming_the_person),
    "site_job_template": Act("job_template.changed", JOB_TEMPLATE, prepare=with_a_job_template),
    "site_job_template_remove": Act("job_template.removed", prepare=with_a_job_template),
    "site_job_start": Act("job.started", prepare=with_a_job_template),
    "site_job_stop": Act("job.stopped", prepare=with_a_job),
}
# They need a provider or a mail server: tests/accounts/views/consoles checks their entries. That of
# the model of the settings: tests/administration/views/consoles/test_backend_targets.py.
AUDITED_ELSEWHERE = {
    *("oidc_provider_add", "oidc_provider_change", "user_account_reset_link"),
    "site_environment_test",
}
# They read at another service, and change nothing that an hourly task does not change too.
READING = {"feed_refresh", "oidc_provider_check", "search_index_estimate"}
ACTS = (
    ACTS_OF_OPERATORS
    | {
        "managed_member_add": Act(
            "member.added", PERSON | {"role": "member"}, prepare=naming_the_newcomer
        ),
        "managed_member_role": Act("member.changed", {"role": "editor"}),
        "managed_member_remove": Act("member.removed"),
        "managed_quotas": Act("instance.changed", {"max_documents": 5}),
        "managed_suspend": Act("instance.suspended", {"reason": "Moved."}),
        "managed_archive": Act("instance.archived"),
        "managed_reactivate": Act("instance.reactivated", status="suspended"),
        "managed_transfer": Act("instance.transferred", prepare=naming_a_member),
        "managed_delete": Act("deletion.asked", {"confirmation": "law"}),
        "managed_cancel_deletion": Act("deletion.cancelled", status="deleting"),
        "request_approve": Act("request.approved"),
        "request_refuse": Act("request.refused", {"answer": "Not now."}),
        "organisation_administrators": Act(
            "administrator.added", PERSON, prepare=naming_the_newcomer
        ),
        "administrator_remove": Act("administrator.removed"),
        "organisation_backend_access": Act("backend.access_changed", {"key": "sk-own"}),
        "organisation_backend_access_test": Act("backend.tested"),
        "organisation_queue_turns": Act("queue_turns.changed", {"turns": "3"}),
        "organisation_model_rules": Act("model.rules_changed", {"max_tokens": 500}),
        "organisation_settings": Act(
            "organisation.changed",
            {
                "name": "INSA",
                "creation_rule": "open",
                "idle_months": 3,
                "personal_data_rule": "ask",
            },
        ),
        "new_instance": Act(
            "instance.created",
            {
                "name": "History",
                "purpose": "Archives.",
                "expected_members": 3,
                "sensitivity": "public",
                "language": "fr",
            },
            prepare=in_organisation,
        ),
        "new_personal": Act("instance.created", prepare=belonging),
        "request_withdraw": Act("request.withdrawn", prepare=asked_by_me),
        "general": Act("instance.changed", {"name": "Droit", "language": "fr"}),
        "answers": Act("instance.changed", {"strictness": "strict", "top_k": 3}),
        "search_index_start": Act(
            "index.started",
            {"embedding_model": "intfloat/multilingual-e5-small", "chunk_tokens": 128},
        ),
        "search_index_cancel": Act("index.cancelled", prepare=with_an_index("building")),
        "search_index_use": Act("index.switched", prepare=with_an_index("built")),
        "search_index_back": Act("index.started", prepare=with_an_index("kept")),
        "member_add": Act("member.added", PERSON | {"role": "member"}, prepare=naming_the_newcomer),
        "member_create": Act(
            "user.created",
            {"first_name": "Ada", "last_name": "Lovelace", "username": "ada", "role": "member"},
        ),
        "member_role": Act("member.changed", {"role": "editor"}),
        "member_remove": Act("member.removed"),
        "member_import": Act(
            "member.added",
            {"people": "newcomer, editor", "confirmed": "1"},
            prepare=naming_the_newcomer,
        ),
        "member_end": Act("member.changed", {"expires_at": "2099-01-01"}),
        "invitation_create": Act(
            "invitation.created",
            {"note": "Ada", "role": "guest", "valid_days": "7", "access_until": "2099-01-01"},
        ),
        "invitation_revoke": Act("invitation.revoked"),
        "rule_add": Act("rule.added", RULE),
        "rule_edit": Act("rule.changed", RULE | {"role": "guest"}),
        "rule_switch": Act("rule.changed"),
        "rule_remove": Act("rule.removed"),
        "access_second_factor": Act("instance.changed", {"second_factor": "admins"}),
        "key_create": Act(
            "key.created", {"name": "Script", "scope": "chat", "lifetime_days": "30"}
        ),
        "key_confirm": Act("key.confirmed", second_factor=True, prepare=with_my_key),
        "key_revoke": Act("key.revoked"),
        "transfer": Act("instance.transferred", prepare=naming_a_member),
        "archive": Act("instance.archived"),
        "reactivate": Act("instance.reactivated", status="archived"),
        "delete": Act("deletion.asked", {"confirmation": "law"}),
        "cancel_deletion": Act("deletion.cancelled", status="deleting"),
    }
    | {
        f"{level}_{page}": act
        for level in ("site", "organisation", "instance")
        for page, act in {
            "charter_publish": Act("charter.published", CHARTER),
            "quota_new": Act("quota.added", QUOTA),
            "quota": Act("quota.changed", QUOTA),
            "quota_remove": Act("quota.removed"),
            "charter_withdraw": Act("charter.withdrawn", prepare=with_a_charter(level)),
        }.items()
    }
    | {
        f"{level}_{page}": act
        for level in ("site", "organisation")
        for page, act in {
            "backend_new": Act("backend.added", BACKEND),
            "backend_edit": Act("backend.changed", BACKEND),
            "backend_switch": Act("backend.changed", {"is_enabled": "no"}),
            "backend_remove": Act("backend.removed"),
            "backend_test": Act("backend.tested"),
            "model_new": Act("model.added", MODEL),
            "model": Act("model.changed", MODEL),
            "model_remove": Act("model.removed"),
        }.items()
    }
)
# An acceptance is a row of its own, with its time and address.
ACCEPTING = {"charter"}
