"""Reads posted forms: JSON from our scripts, or plain forms; and the answers to invalid ones."""

from dataclasses import dataclass
from typing import Any, Self, TypeVar

import orjson
from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from chat.confidentiality.question_guard import QuestionHeld
from chat.forms import UUIDListField
from inference.catalogue import offered_models
from instances.models import Membership
from usage.admission import RequestRefused, Reset
from web.json_errors import json_error, wants_json

FormT = TypeVar("FormT", bound=forms.Form)

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: status, stable code, translated sentence."""

    status: int
    code: str
    message: str
    retry_after_s: int | None = None
    reset: Reset | None = None
    # The personal data for which the question is held.
    held: QuestionHeld | None = None

    @classmethod
    def of_limit(cls, error: RequestRefused) -> Self:
        """Return the refusal of a request over a limit."""
        return cls(429, error.code, error.message, error.retry_after_s, error.reset)

    @classmethod
    def of_held(cls, held: QuestionHeld) -> Self:
        """Return the refusal of a question with personal data, until the person decides."""
        return cls(409, held.code, held.message, held=held)

    @classmethod
    def of_only_temporary(cls) -> Self:
        """Return the refusal to continue a conversation that is kept."""
        text = _("This instance allows only temporary conversations. Start a new one.")
        return cls(403, "only_temporary", text)

    def as_json(self) -> JsonResponse:
        """Return the response for scripts."""
        more: dict[str, Any] = {}
        if self.reset:
            more |= self.reset.as_json()
        if self.held:
            more |= self.held.as_data()
        response = json_error(self.status, self.code, self.message, **more)
        if self.retry_after_s is not None:
            response["Retry-After"] = str(self.retry_after_s)
        return response

    def as_page(self, membership: Membership, request: HttpRequest) -> HttpResponse:
        """Return a page from which the question can be sent again."""
        context = {
            "message": self.message,
            "instance": membership.instance,
            "posted": request.POST,
            "restricted_to": request.POST.getlist("document_ids"),
            "held": self.held,
            "models": offered_models(membership.instance) if self.held else (),
        }
        return render(request, "chat/not_sent.html", context, status=self.status)


def is_from_script(request: HttpRequest) -> bool:
    """Whether the response must be JSON; otherwise a browser without scripts sent a form."""
    return request.content_type == _JSON or wants_json(request)


def read_form(form_class: type[FormT], request: HttpRequest) -> FormT | Refusal:
    """Return the valid form, or the refusal of an invalid one."""
    data: Any = request.POST
    if request.content_type == _JSON:
        try:
            data = orjson.loads(request.body)
        except ValueError:
            data = None
        if not isinstance(data, dict) or not _has_values_of_forms(data, form_class):
            return Refusal(400, "bad_request", _("The request could not be read."))
    form = form_class(data)
    if not form.is_valid():
        reason = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return Refusal(400, "bad_request", reason)
    return form


def _has_values_of_forms(data: dict[str, Any], form_class: type[forms.Form]) -> bool:
    """Whether JSON has objects nowhere, and lists only for fields of lists.

    Django's fields would take them for text, as Python writes them.
    """
    return not any(
        isinstance(value, dict)
        or (isinstance(value, list) and not isinstance(form_class.base_fields[name], UUIDListField))
        for name, value in data.items()
        if name in form_class.base_fields
    )
