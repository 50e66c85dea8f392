"""Keys made at run time, a service provider, two forged IdPs, and a rule for one of them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.logins.models.login_rules import LoginRule
from accounts.models import IdentityProvider, MetadataFeed
from accounts.saml.client import IdpMetadata
from accounts.saml.errors import ResponseRefused
from accounts.saml.keys import KeyPair
from accounts.saml.messages.response import Expected, read_response
from accounts.saml.metadata.feeds import add_single_idp
from accounts.saml.service_provider import ServiceProvider
from instances.models import Organisation
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.aggregates import FeedServer, signed_aggregate
from tests.accounts.saml.idps.forger import Answer, Idp, Keys, make_keys
from tests.accounts.saml.journey import Browser
from tests.factories import OrganisationFactory


@pytest.fixture(scope="session", autouse=True)
def xmlsec1() -> None:
    """The program that checks signatures."""
    if shutil.which("xmlsec1") is None:
        pytest.skip("not installed: apt-get install xmlsec1")


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("saml-keys")


@pytest.fixture(scope="session")
def all_keys(key_folder: Path) -> dict[str, Keys]:
    """Key pairs by the name of their holder."""
    names = ("sp", "sp-old", "idp-a", "idp-a-new", "idp-b", "attacker", "federation")
    return {name: make_keys(key_folder, name) for name in names}


@pytest.fixture(scope="session")
def sp(all_keys: dict[str, Keys]) -> ServiceProvider:
    pairs = [all_keys["sp"], all_keys["sp-old"]]
    return ServiceProvider(
        entity_id="https://rag.example/saml/metadata",
        acs_url="https://rag.example/saml/acs/",
        slo_url="https://rag.example/saml/slo/",
        keys=tuple(KeyPair(pair.key, pair.certificate) for pair in pairs),
    )


@pytest.fixture(scope="session")
def idp_a(all_keys: dict[str, Keys]) -> Idp:
    return Idp("https://idp-a.example/idp", (all_keys["idp-a"], all_keys["idp-a-new"]))


@pytest.fixture(scope="session")
def idp_b(all_keys: dict[str, Keys]) -> Idp:
    return Idp(
        "https://idp-b.example/idp",
        (all_keys["idp-b"],),
        scopes=("univ-b.example",),
        sso_url="https://idp-b.example/sso",
        name="Université B",
    )


@pytest.fixture(autouse=True)
def our_keys(settings: Any, all_keys: dict[str, Keys], tmp_path: Path) -> None:
    """The site's own keys, and its name."""
    settings.SITE_URL = "https://rag.example"
    folder = settings.SAML_KEYS_DIR = tmp_path / "keys"
    folder.mkdir()
    for name, pair in (("current", "sp"), ("previous", "sp-old")):
        (folder / f"{name}.key").write_bytes(all_keys[pair].key.read_bytes())
        (folder / f"{name}.crt").write_bytes(all_keys[pair].certificate.read_bytes())


@pytest.fixture
def university(db: None) -> Organisation:
    return OrganisationFactory(slug="univ-a", name="Université A")


@pytest.fixture
def provider(db: None, idp_a: Idp) -> IdentityProvider:
    """The first IdP, as the operator added it."""
    return add_single_idp(idp_a.metadata().encode())


@pytest.fixture
def rule(university: Organisation, provider: IdentityProvider) -> LoginRule:
    """People of the first IdP may log in to the university."""
    return LoginRule.objects.create(organisation=university, identity_provider=provider)


@pytest.fixture
def browser(idp_a: Idp) -> Browser:
    return Browser(idp_a)


@pytest.fixture
def expected(idp_a: Idp) -> Expected:
    return Expected(
        request_id="_request1",
        idp=IdpMetadata(idp_a.entity_id, idp_a.metadata()),
        declared_scopes=idp_a.scopes,
    )


@pytest.fixture
def answer(sp: ServiceProvider, idp_a: Idp) -> Answer:
    return Answer(idp_a, sp, "_request1")


@pytest.fixture
def refused(sp: ServiceProvider, expected: Expected) -> Any:
    """``refused(xml, error, match)``: nobody is authenticated, for that reason."""

    def check(
        xml: Any, error: Any = ResponseRefused, match: Any = None, expected: Expected = expected
    ) -> None:
        encoded = xml if isinstance(xml, str) else forger.post(xml)
        with pytest.raises(error, match=match):
            read_response(encoded, sp=sp, expected=expected)

    return check


@pytest.fixture
def server() -> Iterator[FeedServer]:
    server = FeedServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def feed(db: None, server: FeedServer, all_keys: dict[str, Keys]) -> MetadataFeed:
    return MetadataFeed.objects.create(
        name="Test federation",
        url=server.url,
        certificates=all_keys["idp-b"].pem + all_keys["federation"].pem,
    )


@pytest.fixture
def publish(server: FeedServer, all_keys: dict[str, Keys]) -> Callable[..., None]:
    def publish(idps: list[Idp], **options: Any) -> None:
        server.body = signed_aggregate(idps, all_keys["federation"], **options)

    return publish
