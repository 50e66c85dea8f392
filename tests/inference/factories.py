"""Factories of backends, their models, and the jobs of Slurm that serve them."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from inference.models import Backend, BackendAccess, JobTemplate, LanguageModel, ServerJob
from inference.slurm.scripts import EXAMPLE


class BackendFactory(DjangoModelFactory):
    """A backend of the site at which nobody answers."""

    class Meta:
        model = Backend

    name = factory.Sequence(lambda n: f"Backend {n}")
    base_url = "http://127.0.0.1:9/v1"


class LanguageModelFactory(DjangoModelFactory):
    class Meta:
        model = LanguageModel

    backend = factory.SubFactory(BackendFactory)
    alias = factory.Sequence(lambda n: f"model-{n}")
    server_id = factory.LazyAttribute(lambda model: f"lab/{model.alias}")
    label = factory.Sequence(lambda n: f"Model {n}")
    active_parameters_b = total_parameters_b = 24.0


class BackendAccessFactory(DjangoModelFactory):
    """An access without a key."""

    class Meta:
        model = BackendAccess

    backend = factory.SubFactory(BackendFactory)


class JobTemplateFactory(DjangoModelFactory):
    """Jobs on this machine, whose servers are reached by loopback."""

    class Meta:
        model = JobTemplate

    backend = factory.SubFactory(BackendFactory, base_url="", max_concurrency=2)
    script = EXAMPLE
    networks = "127.0.0.0/8"


class ServerJobFactory(DjangoModelFactory):
    """A job that has just been requested."""

    class Meta:
        model = ServerJob

    template = factory.SubFactory(JobTemplateFactory)
    requested_at = factory.LazyFunction(timezone.now)
