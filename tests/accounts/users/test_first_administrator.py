"""The first start creates an administrator with an instance to upload to."""

import json
from io import StringIO

from django.core.management import call_command

from instances.access.gates import get_membership
from people.models import User


def run():
    output = StringIO()
    call_command("createfirstadministrator", stdout=output)
    return json.loads(output.getvalue())


def test_only_first_start_returns_credentials(db, client):
    credentials = run()
    assert run() == {}
    administrator = User.objects.get()
    assert administrator.is_superuser
    assert administrator.must_change_password
    assert get_membership(administrator, "decouverte").may_administer
    answer = client.post(
        "/accounts/login/",
        {"login": credentials["username"], "password": credentials["password"]},
    )
    assert answer.status_code == 302
