"""The Helm chart, rendered by Helm's own library and checked against Kubernetes' schemas."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.launched import DEPLOY, commands, comparable, unknown_settings

helm = pytest.importorskip("helm_python", reason="no wheel of helm-python-sdk for this processor")

CHART = str(DEPLOY / "helm" / "ragapp")
KUBERNETES = "1.33"
EVERYTHING: dict[str, Any] = {
    "hosts": ["rag.example.org", "chat.example.org"],
    "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "tls"},
    "image": {"pullSecrets": ["registry"]},
    "models": {"settings": {"EMBEDDING_MODEL": "intfloat/multilingual-e5-base"}},
    "serviceMonitor": {"enabled": True},
    "networkPolicy": {
        "backends": [
            {
                "to": [{"ipBlock": {"cidr": "192.0.2.10/32"}}],
                "ports": [{"port": 443, "protocol": "TCP"}],
            }
        ]
    },
}
LEAST: dict[str, Any] = {
    "files": {"claim": ""},
    "models": {"enabled": False},
    "networkPolicy": {"enabled": False},
    "workers": {name: {"autoscaling": {"enabled": False}} for name in ("parse", "embed")},
}
Documents = dict[tuple[str, str], dict[str, Any]]


def rendered(values: dict[str, Any]) -> Documents:
    """The documents by kind and name."""
    with helm.Chart.load(CHART) as chart:
        texts = chart.render(values, name="rag", namespace="prod")
    found = [
        document
        for name, text in texts.items()
        if name.endswith(".yaml")
        for document in yaml.safe_load_all(text)
        if document
    ]
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


@pytest.fixture(scope="module")
def documents() -> Documents:
    return rendered(EVERYTHING)


def containers(documents: Documents) -> dict[str, dict[str, Any]]:
    """The container of each deployment and job."""
    return {
        name.removeprefix("rag-"): document["spec"]["template"]["spec"]["containers"][0]
        for (kind, name), document in documents.items()
        if kind in ("Deployment", "Job")
    }


def test_chart_has_no_errors() -> None:
    assert helm.lint(CHART)["errors"] == []


@pytest.mark.parametrize("values", [{}, EVERYTHING, LEAST], ids=["default", "everything", "least"])
def test_documents_follow_the_schemas_of_kubernetes(values: dict[str, Any]) -> None:
    for (kind, _name), document in rendered(values).items():
        # Of Prometheus' operator.
        if kind != "ServiceMonitor":
            kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_processes_are_those_of_run(documents: Documents, tmp_path: Path) -> None:
    found = containers(documents)
    launched = commands(tmp_path)
    assert {name: comparable(found[name]["command"][1:]) for name in launched} == launched


def test_every_variable_is_a_setting(documents: Documents) -> None:
    for name, container in containers(documents).items():
        variables = [variable["name"] for variable in container["env"]]
        assert unknown_settings(variables) == set(), name
        assert len(variables) == len(set(variables)), name


def test_secrets_are_files_and_each_process_has_its_own(documents: Documents) -> None:
    of_process = {
        name: {
            volume["secret"]["secretName"].removeprefix("ragapp-")
            for volume in document["spec"]["template"]["spec"]["volumes"]
            if "secret" in volume
        }
        for (kind, name), document in documents.items()
        if kind in ("Deployment", "Job")
    }
    assert of_process == {
        "rag-migrate": {"application", "owner"},
        "rag-web": {"application"},
        "rag-worker-parse": {"application"},
        "rag-worker-embed": {"application"},
        "rag-beat": {"broker"},
        "rag-models": {"models"},
    }


def test_containers_have_no_rights(documents: Documents) -> None:
    for (kind, name), document in documents.items():
        if kind in ("Deployment", "Job"):
            pod = document["spec"]["template"]["spec"]
            assert pod["securityContext"]["runAsNonRoot"], name
            assert not pod["automountServiceAccountToken"], name
            security = pod["containers"][0]["securityContext"]
            assert security["readOnlyRootFilesystem"], name
            assert security["capabilities"] == {"drop": ["ALL"]}, name


def test_there_is_never_a_second_beat(documents: Documents) -> None:
    spec = documents["Deployment", "rag-beat"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_workers_follow_the_length_of_their_queue(documents: Documents) -> None:
    for queue in ("parse", "embed"):
        scaler = documents["HorizontalPodAutoscaler", f"rag-worker-{queue}"]["spec"]
        metric = scaler["metrics"][0]["external"]["metric"]
        assert metric["name"] == "ragapp_queue_length"
        assert metric["selector"] == {"matchLabels": {"queue": queue}}
        # The autoscaler decides.
        assert "replicas" not in documents["Deployment", f"rag-worker-{queue}"]["spec"]


def test_slots_are_those_of_all_replicas(documents: Documents) -> None:
    env = {each["name"]: each.get("value") for each in containers(documents)["web"]["env"]}
    assert (env["PARSE_SLOTS"], env["EMBED_SLOTS"]) == ("8", "9")


def test_nothing_leaves_but_to_what_is_named(documents: Documents) -> None:
    inside = documents["NetworkPolicy", "rag-inside"]["spec"]
    assert set(inside["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in inside
    assert all(rule["to"] and rule["ports"] for rule in inside["egress"])
    outside = documents["NetworkPolicy", "rag-backends"]["spec"]
    assert outside["egress"] == EVERYTHING["networkPolicy"]["backends"]
    (condition,) = outside["podSelector"]["matchExpressions"]
    assert condition["values"] == ["web", "worker-parse", "worker-embed"]
