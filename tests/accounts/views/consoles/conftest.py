"""An operator and their browser."""

import pytest
from django.test import Client
from django.urls import reverse

from instances.models import AuditEntry
from instances.tenancy import overseeing
from people.models import User
from tests.factories import UserFactory


@pytest.fixture
def operator(db: None) -> User:
    return UserFactory(username="operator", is_staff=True, is_superuser=True)


@pytest.fixture
def console(operator: User, client_for) -> Client:
    """The operator's browser."""
    return client_for(operator)


def url(name: str, *arguments: object) -> str:
    """The address of a page of operators."""
    return reverse(f"operation:{name}", args=arguments)


def actions() -> list[str]:
    """The recorded actions, in order."""
    with overseeing():
        return list(AuditEntry.objects.order_by("at").values_list("action", flat=True))
