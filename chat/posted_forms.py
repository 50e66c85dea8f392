"""Reads what a browser posts: JSON from our scripts, or a plain form."""

from typing import Any, TypeVar

import orjson
from django import forms
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from usage.admission import LimitReached
from web.json_errors import json_error

FormT = TypeVar("FormT", bound=forms.Form)


def limit_reached(error: LimitReached) -> JsonResponse:
    """Return the refusal of what goes over a limit, which says when to come back."""
    response = json_error(429, error.code, error.message)
    response["Retry-After"] = str(error.retry_after_s)
    return response


def read_form(form_class: type[FormT], request: HttpRequest) -> FormT | JsonResponse:
    """Return the valid form, or the refusal to send."""
    data: Any = request.POST
    if request.content_type == "application/json":
        try:
            data = orjson.loads(request.body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            return json_error(400, "bad_request", _("The request could not be read."))
    form = form_class(data)
    if not form.is_valid():
        reason = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return json_error(400, "bad_request", reason)
    return form
