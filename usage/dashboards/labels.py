"""The names of models and subjects on dashboards."""

from django.utils.translation import gettext as _

from inference.catalogue import EXTRACTIVE


def model_label(model: str) -> str:
    """The name of a model; records contain the id that it had at its server."""
    return _("Extracts, without generative AI") if model == EXTRACTIVE else model


def subject_label(code: str) -> str:
    """The subject of a question, by its Dewey division; "" is unclassified."""
    return _("Division %s") % code if code else _("Unclassified")
