"""Guard: whatever an administrator does leaves an entry in the audit log.

Every page of the settings and the consoles that takes a POST is done once, with what a person would
fill in. A new one must be named here, with the action it leaves.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from inference.models import Backend
from instances.access.second_factor import SESSION_KEY
from instances.account_control import record_control
from instances.audit.sentences import details
from instances.models import ApiKey, AuditEntry, Charter, Instance, InstanceRequest
from instances.tenancy import overseeing, tenant
from people.models import User
from tests import factories
from tests.accounts.saml.idps.forger import Idp, make_keys
from tests.cast import Cast, make_cast
from tests.site_map import ALL_PAGES, Page, values_inside

PERSON = {"identifier": "newcomer"}
CHARTER = {"text_fr": "Vérifiez les réponses.", "publish": "1"}
# An address in a public network, at which nobody is asked.
BACKEND = {
    "name": "GPU",
    "kind": "vllm",
    "is_enabled": "on",
    "base_url": "https://192.0.31.8/v1",
    "max_concurrency": 8,
    "serving_weight": 1,
    "first_byte_timeout_s": 100,
    "read_timeout_s": 50,
    "priority": 1,
    "sensitivity": "restricted",
    "pue": 1.2,
    "wue": 0.1,
    "carbon_gco2e_per_kwh": 32,
    "carbon_date": "2026-01-01",
    "key": "sk-secret",
}
MODEL = {
    "server_id": "lab/one",
    "is_enabled": "on",
    "alias": "one",
    "label": "One",
    "context_window": 4096,
    "total_parameters_b": 8,
    "active_parameters_b": 8,
    "prompt_price": "0.25",
}
JOB_TEMPLATE = {
    "script": "#!/bin/bash\r\ncurl -d token={{token}} {{ register_url }}\r\n",
    "wall_minutes": 60,
    "start_minutes": 10,
    "idle_minutes": 5,
    "networks": "10.20.0.0/16, 127.0.0.1",
    "min_jobs": 0,
    "max_jobs": 2,
    "waiting_per_job": 4,
    "overflow_waiting": 10,
}
QUOTA = {
    "per": "member",
    "measure": "requests",
    "amount": 50,
    "period": "day",
    "warning_percent": 80,
}
RULE = {"audience": "organisation", "role": "member"}


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


def in_organisation(cast: Cast, _values: dict[str, Any]) -> dict[str, Any]:
    return {"organisation": cast.instance.organisation_id}


def belonging(cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    """Whoever acts has logged in through the organisation."""
    factories.IdentityFactory(user=cast.owner, organisation_ids=[cast.instance.organisation_id])
    return in_organisation(cast, values)


def naming_a_member(_cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    return {"member": values["member_id"]}


def naming_the_newcomer(_cast: Cast, _values: dict[str, Any]) -> dict[str, Any]:
    return {"person": User.objects.get(username="newcomer").pk}


def asked_by_me(cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    InstanceRequest.objects.filter(pk=values["request_id"]).update(requested_by=cast.owner)
    return {}


def with_my_key(cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    with tenant(cast.instance):
        ApiKey.objects.filter(pk=values["key_id"]).update(created_by=cast.owner)
    return {}


def with_a_charter(level: str) -> Callable[[Cast, dict[str, Any]], dict[str, Any]]:
    def prepare(cast: Cast, _values: dict[str, Any]) -> dict[str, Any]:
        places = {
            "instance": {"instance": cast.instance},
            "organisation": {"organisation": cast.instance.organisation},
            "site": {"instance": None, "organisation": None},
        }
        charters = Charter.objects.filter(**places[level])
        charters.update(is_current=True)
        for charter in charters:
            charter.acceptances.create(user=cast.owner)
        return {}

    return prepare


def of_feed(_cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    return {"organisation": values["organisation"], "feed": values["feed_id"]}


def with_certificate(_cast: Cast, _values: dict[str, Any]) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        keys = make_keys(Path(folder), "federation", ec.generate_private_key(ec.SECP256R1()))
        return {"certificates": keys.pem}


def with_metadata(_cast: Cast, _values: dict[str, Any]) -> dict[str, Any]:
    xml = Idp("https://idp-b.example/idp", ()).metadata()
    return {"metadata": SimpleUploadedFile("idp.xml", xml.encode())}


def with_second_factor(_cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    Authenticator.objects.create(user_id=values["person_id"], type="recovery_codes", data={})
    return {}


def with_controller(_cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    account = User.objects.get(pk=values["person_id"])
    record_control(account=account, controller=factories.UserFactory(), reason="created")
    return {}


def with_a_job_template(_cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    Backend.objects.filter(pk=values["backend_id"]).update(owner=None, base_url="")
    factories.JobTemplateFactory(backend_id=values["backend_id"], backend=None)
    return {}


def naming_the_person(_cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    return {"confirmation": User.objects.get(pk=values["person_id"]).username}


FEED = {"name": "Renater", "url": "https://renater.example/feed", "priority": 10}
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
}
# They need a provider or a mail server: tests/accounts/views/consoles checks their entries.
AUDITED_ELSEWHERE = {"oidc_provider_add", "oidc_provider_change", "user_account_reset_link"}
# They read at another service, and change nothing that an hourly task does not change too.
READING = {"feed_refresh", "oidc_provider_check"}
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


def pages_with_audited_actions() -> list[Page]:
    return [page for page in ALL_PAGES if page.name.startswith(("administration:", "operation:"))]


def short_name(page: Page) -> str:
    return page.name.partition(":")[2]


@pytest.fixture(autouse=True)
def with_slurm(settings: Any) -> None:
    settings.SLURM_COMMAND_PREFIXES = [""]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """The owner operates the site as well, so that one person may do everything."""
    cast = make_cast()
    cast.owner.is_staff = True
    cast.owner.save()
    factories.UserFactory(username="newcomer")
    return cast


def test_every_post_route_is_listed(cast):
    client = Client()
    client.force_login(cast.owner)
    values = values_inside(cast)
    taking = {
        short_name(page)
        for page in pages_with_audited_actions()
        if client.post(page.path(values)).status_code != 405
    }
    assert taking == set(ACTS) | ACCEPTING | AUDITED_ELSEWHERE | READING


@pytest.mark.parametrize(
    "name",
    ["operators", "organisation_administrators", "managed_member_add", "member_add"],
)
def test_person_search_is_audited(cast, name):
    values = values_inside(cast)
    (page,) = (page for page in ALL_PAGES if page.name == f"administration:{name}")
    client = Client()
    client.force_login(cast.owner)
    for identifier in ("newcomer", "nobody"):
        client.post(page.path(values), {"identifier": identifier, "role": "member"})
    with overseeing():
        entries = list(AuditEntry.objects.filter(action="people.searched").order_by("at"))
    assert [(entry.target, entry.detail) for entry in entries] == [
        ("newcomer", {"asked": 1, "found": 1}),
        ("nobody", {"asked": 1, "found": 0}),
    ]
    assert {entry.actor_id for entry in entries} == {cast.owner.pk}


@pytest.mark.parametrize("name", sorted(ACTS))
def test_action_is_audited(cast, name):
    values = values_inside(cast)
    act = ACTS[name]
    before = {} if act.status != "deleting" else {"deletion_requested_by": cast.owner}
    Instance.objects.filter(slug="law").update(status=act.status, **before)
    form = act.form | act.prepare(cast, values)
    (page,) = (page for page in pages_with_audited_actions() if short_name(page) == name)
    client = Client()
    client.force_login(cast.owner)
    if act.second_factor:
        session = client.session
        session[SESSION_KEY] = "saml:1"
        session.save()
    client.post(page.path(values), form)
    with overseeing():
        entries = list(AuditEntry.objects.filter(action=act.action))
    assert entries
    assert {entry.actor_id for entry in entries} == {cast.owner.pk}
    assert {entry.address for entry in entries} == {"127.0.0.1"}
    assert all(len(entry.correlation_id) == 12 for entry in entries)
    # What has no words is shown by the name that the code gives it.
    labels = [label for entry in entries for label, _words in details(entry)]
    assert [label for label in labels if not label[0].isupper()] == []
