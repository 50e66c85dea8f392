"""What a connection test asks: a backend, with one of its models and the key that is used."""

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from inference.catalogue_rows import access_of
from inference.diagnosis.connection import UNKNOWN_MODEL
from inference.llm.backend import ChatBackend
from inference.models import Backend, LanguageModel
from inference.offered_models import (
    Access,
    ModelFigures,
    connection_of_environment,
    connection_to,
    figures_of,
    model_of_environment,
)
from instances.models import Organisation


@dataclass(frozen=True, kw_only=True)
class ConnectionTarget:
    """One model of a backend, as one key reaches it.

    ``backend`` is None for that of the ``LLM_*`` settings, and ``model`` is None without a row.
    ``is_managed`` is true where the person who tests may also change the backend.
    """

    name: str
    connection: ChatBackend
    backend: Backend | None = None
    model: LanguageModel | None = None
    is_managed: bool = False
    # Those of which another may be chosen.
    models: tuple[LanguageModel, ...] = ()

    @property
    def is_gateway(self) -> bool:
        """Whether it says how its models are."""
        return self.backend is not None and self.backend.kind == Backend.Kind.OPENGATELLM

    def figures_of(self, asked: str) -> ModelFigures:
        """The figures of the model that was asked, as far as they are known."""
        if self.backend is None:
            of_environment = model_of_environment()
            return of_environment.figures if of_environment else ModelFigures(id=asked)
        if self.model is not None:
            return figures_of(self.model)
        return ModelFigures(
            id=asked,
            server_id=asked,
            backend_id=self.backend.pk,
            backend_name=self.backend.name,
            pue=self.backend.pue,
        )

    @property
    def server_ids(self) -> set[str]:
        """The ids of the models that are asked for at the backend."""
        if self.backend is None:
            return {settings.LLM_MODEL}
        return {model.server_id for model in self.models}


def managed_target(backend: Backend, model_id: str) -> ConnectionTarget:
    """Return a backend with the key of all who have none of their own.

    ``model_id`` chooses one of its models by number; "": the first. Raises Http404.
    """
    row = backend.accesses.filter(organisation=None).first()
    return _target(backend, model_id, access_of(row) if row else Access(), is_managed=True)


def shared_target(
    backend: Backend, organisation: Organisation | None, model_id: str
) -> ConnectionTarget:
    """Return a backend of the site as the instances of an organisation use it: by its own key.

    Without one, by that of the site. Raises Http404.
    """
    rows = {row.organisation_id: row for row in backend.accesses.all()}
    row = rows.get(organisation.pk if organisation else None) or rows.get(None)
    return _target(backend, model_id, access_of(row) if row else Access(), is_managed=False)


def target_of_environment() -> ConnectionTarget:
    """Return the model of the ``LLM_*`` settings; raises Http404 without one."""
    connection = connection_of_environment()
    if connection is None:
        raise Http404
    return ConnectionTarget(name=_("From the settings of the site"), connection=connection)


def _target(
    backend: Backend, model_id: str, access: Access, *, is_managed: bool
) -> ConnectionTarget:
    models = backend.models.all()
    if model_id:
        # Also a disabled one: it is tested before it is enabled.
        number = int(model_id) if model_id.isdecimal() and len(model_id) < 19 else 0
        model: LanguageModel | None = get_object_or_404(models, pk=number)
    else:
        model = models.filter(is_enabled=True).first()
    server_id = model.server_id if model else UNKNOWN_MODEL
    return ConnectionTarget(
        name=backend.name,
        connection=connection_to(backend, server_id, access),
        backend=backend,
        model=model,
        is_managed=is_managed,
        models=tuple(models),
    )
