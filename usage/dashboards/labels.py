"""The names of models and subjects on dashboards."""

from django.utils.translation import gettext as _

from inference.offered_models import EXTRACTIVE
from usage.subjects.divisions import describe_class, describe_division


def model_label(model: str) -> str:
    """The name of a model; records contain the id that it had at its server."""
    return _("Extracts, without generative AI") if model == EXTRACTIVE else model


def subject_label(code: str) -> str:
    """The subject of a question, by its Dewey division; "" is unclassified."""
    return f"{code} {describe_division(code)}" if code else _("Unclassified")


def class_label(digit: str) -> str:
    """A Dewey class, by its digit; "" is unclassified."""
    return f"{digit}00 {describe_class(digit)}" if digit else _("Unclassified")
