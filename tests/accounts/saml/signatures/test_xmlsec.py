"""The program xmlsec1, which reads untrusted messages, runs with limits."""

import pytest

from accounts.saml.signatures import xmlsec


def test_xmlsec1_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_API_KEY", "a-secret-of-the-web-server")
    monkeypatch.setattr(xmlsec, "program", lambda: "/usr/bin/env")

    printed = xmlsec.run([]).stdout

    names = {line.partition("=")[0] for line in printed.splitlines()}
    assert names <= {"LANG", "PATH", "PWD", "SHLVL", "_", "OLDPWD"}


def test_xmlsec1_runs_under_the_limits() -> None:
    assert xmlsec.run(["--version"]).stdout.startswith("xmlsec1 ")
