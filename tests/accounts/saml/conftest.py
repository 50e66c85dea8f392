"""Keys made at run time, a service provider, two forged IdPs."""

from pathlib import Path

import pytest

from accounts.saml.service_provider import KeyPair, ServiceProvider
from tests.accounts.saml.forger import Idp, Keys, make_keys


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
