"""The expression for searches of people, which the index ``user_search`` covers."""

from django.db.models import TextField, Value
from django.db.models.functions import Concat, Lower


def searchable(prefix: str = "") -> Lower:
    """Names and address of a person in lower case; ``prefix`` leads to the person (``user__``)."""
    return Lower(
        Concat(
            f"{prefix}last_name",
            Value(" "),
            f"{prefix}first_name",
            Value(" "),
            f"{prefix}username",
            Value(" "),
            f"{prefix}email",
            output_field=TextField(),
        )
    )
