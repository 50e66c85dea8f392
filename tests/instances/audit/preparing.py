"""What must be there before an act; each function returns more of its form."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.files.uploadedfile import SimpleUploadedFile

from inference.models import Backend, JobTemplate, ServerJob
from ingestion.models import Document
from ingestion.reindexing.documents import as_failure
from instances.account_control import record_control
from instances.models import ApiKey, Charter, InstanceRequest
from instances.tenancy import tenant
from people.models import User
from tests import factories
from tests.accounts.saml.idps.forger import Idp, make_keys
from tests.cast import Cast
from tests.inference.factories import JobTemplateFactory
from tests.ingestion.factories import IndexGenerationFactory


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


def with_an_index(status: str) -> Callable[[Cast, dict[str, Any]], dict[str, Any]]:
    """Another search index, to which no document is missing."""

    def prepare(cast: Cast, _values: dict[str, Any]) -> dict[str, Any]:
        with tenant(cast.instance):
            documents = Document.objects.for_instance(cast.instance)
            failures = {str(each.pk): as_failure(each, "corrupt") for each in documents}
        IndexGenerationFactory(instance=cast.instance, number=7, status=status, failures=failures)
        return {}

    return prepare


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
    JobTemplateFactory(backend_id=values["backend_id"], backend=None)
    return {}


def with_a_job(cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    with_a_job_template(cast, values)
    template = JobTemplate.objects.get(backend=values["backend_id"])
    ServerJob.objects.filter(pk=values["job_id"]).update(template=template)
    return {}


def naming_the_person(_cast: Cast, values: dict[str, Any]) -> dict[str, Any]:
    return {"confirmation": User.objects.get(pk=values["person_id"]).username}
