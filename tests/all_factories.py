"""The factory of each model, for tests that visit all models."""

from factory.django import DjangoModelFactory

from tests import factories
from tests.evaluation import factories as evaluation_factories
from tests.inference import factories as inference_factories
from tests.ingestion import factories as ingestion_factories
from tests.sources import factories as sources_factories
from tests.usage import factories as usage_factories

FACTORIES: dict[type, type[DjangoModelFactory]] = {
    found._meta.model: found
    for module in (
        factories,
        evaluation_factories,
        inference_factories,
        ingestion_factories,
        sources_factories,
        usage_factories,
    )
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, DjangoModelFactory) and found._meta.model
}
