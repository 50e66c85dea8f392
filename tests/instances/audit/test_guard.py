"""Guard: whatever an administrator does leaves an entry in the audit log.

Every page of ``instances`` that takes a POST is done once, with what a person would fill in. A new
one must be named here, with the action it leaves.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from instances.access.second_factor import SESSION_KEY
from instances.audit.sentences import details
from instances.models import ApiKey, AuditEntry, Charter, Instance, InstanceRequest
from instances.tenancy import overseeing, tenant
from people.models import User
from tests import factories
from tests.cast import Cast, make_cast
from tests.site_map import ALL_PAGES, Page, values_inside

PERSON = {"identifier": "newcomer"}
CHARTER = {"text_fr": "Vérifiez les réponses.", "publish": "1"}
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


ACTS = {
    "new_organisation": Act("organisation.created", {"name": "INSA"}),
    "operators": Act("operator.added", PERSON, prepare=naming_the_newcomer),
    "operator_remove": Act("operator.removed"),
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
    "organisation_administrators": Act("administrator.added", PERSON, prepare=naming_the_newcomer),
    "administrator_remove": Act("administrator.removed"),
    "organisation_settings": Act(
        "organisation.changed", {"name": "INSA", "creation_rule": "open", "idle_months": 3}
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
    "key_create": Act("key.created", {"name": "Script", "scope": "chat", "lifetime_days": "30"}),
    "key_confirm": Act("key.confirmed", second_factor=True, prepare=with_my_key),
    "key_revoke": Act("key.revoked"),
    "transfer": Act("instance.transferred", prepare=naming_a_member),
    "archive": Act("instance.archived"),
    "reactivate": Act("instance.reactivated", status="archived"),
    "delete": Act("deletion.asked", {"confirmation": "law"}),
    "cancel_deletion": Act("deletion.cancelled", status="deleting"),
} | {
    f"{level}_{page}": act
    for level in ("site", "organisation", "instance")
    for page, act in {
        "charter_publish": Act("charter.published", CHARTER),
        "charter_withdraw": Act("charter.withdrawn", prepare=with_a_charter(level)),
    }.items()
}
# An acceptance is a row of its own, with its time and address.
ACCEPTING = {"charter"}


def pages_of_instances() -> list[Page]:
    return [page for page in ALL_PAGES if page.name.startswith("administration:")]


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
        page.name.removeprefix("administration:")
        for page in pages_of_instances()
        if client.post(page.path(values)).status_code != 405
    }
    assert taking == set(ACTS) | ACCEPTING


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
    (page,) = (page for page in ALL_PAGES if page.name == f"administration:{name}")
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
