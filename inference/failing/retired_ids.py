"""Mail about ids of models that a backend no longer serves, to those who can correct them.

Questions go to other backends of the alias meanwhile, so that nobody else notices. A failure of
this kind is found by a question (``inference.health``), and told by a periodic task, once a day.
"""

import logging
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache
from django.utils import translation

from inference.failing.failing_models import (
    FailingModel,
    failing_model_of_environment,
    retired_models,
)
from inference.models import Backend, LanguageModel
from instances.notifications import approvers_of
from instances.organisations.operators import operators
from people.models import User
from web.enqueueing import enqueue_on_commit
from web.mails import send_mail

logger = logging.getLogger(__name__)

SEND = "inference.failing.tasks.send_retired_id_notice"
# The number of the model of the ``LLM_*`` settings.
_OF_SETTINGS = 0
_TOLD_FOR_S = 24 * 3600


def tell_of_retired_ids() -> None:
    """Log each retired id, and have the mail sent about it; nothing about those told today."""
    failing = retired_models(Backend.objects.all())
    of_settings = failing_model_of_environment()
    if of_settings is not None and of_settings.is_retired:
        failing.append(of_settings)
    for one in failing:
        if cache.add(_key(one), 1, timeout=_TOLD_FOR_S):
            _tell(one)


def send_retired_id_notice(model_id: int, user_id: int) -> None:
    """Send the mail about one model to one person, unless either is gone or it answers again.

    Raises SMTPException, OSError.
    """
    failing = _failing(model_id)
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if failing is None or not failing.is_retired or person is None or not person.notice_address:
        return
    model = failing.model
    about = {
        "label": failing.label,
        "server_id": failing.server_id,
        "backend": model.backend if model else None,
        "is_replaced": model is not None and _is_replaced(model),
    }
    with translation.override(person.language or settings.LANGUAGE_CODE):
        send_mail("retired_id", {"about": about, "person": person}, to=person.notice_address)


def _tell(failing: FailingModel) -> None:
    model = failing.model
    owner = model.backend.owner if model else None
    name = model.backend.name if model else "LLM_BASE_URL"
    logger.warning("the backend %s no longer serves %s", name, failing.server_id)
    if not settings.EMAIL_HOST:
        return
    people = operators() if owner is None else approvers_of(owner)
    for person in people:
        enqueue_on_commit(SEND, model.pk if model else _OF_SETTINGS, person.pk)


def _failing(model_id: int) -> FailingModel | None:
    if model_id == _OF_SETTINGS:
        return failing_model_of_environment()
    backends = Backend.objects.filter(models=model_id)
    return next((one for one in retired_models(backends) if one.model_id == model_id), None)


def _is_replaced(model: LanguageModel) -> bool:
    """Whether another backend of the same owner answers under the alias."""
    others = LanguageModel.objects.filter(
        alias=model.alias, is_enabled=True, backend__is_enabled=True
    )
    return others.filter(backend__owner=model.backend.owner).exclude(pk=model.pk).exists()


def _key(failing: FailingModel) -> str:
    parts = f"{failing.model_id}\n{failing.server_id}"
    return f"inference:retired-id-told:{sha256(parts.encode()).hexdigest()}"
