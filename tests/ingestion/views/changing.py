"""Who may change the documents of an instance, and what it has afterwards."""

from django.urls import reverse

from ingestion.models import Document
from instances.tenancy import tenant

CAST = [("owner", True), ("editor", True), ("teammate", 403), ("stranger", 404)]


def documents(instance):
    with tenant(instance):
        return list(Document.objects.for_instance(instance))


def url(name, document):
    return reverse(f"documents:{name}", args=["law", document.pk])
