"""Form fields that several pages share."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inference.models.languages import read_languages, unknown_languages

BYTES_PER_GB: Final = 1_000_000_000


class DayField(forms.DateField):
    """A day from today on; its value is the end of that day."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def clean(self, value: Any) -> datetime | None:
        day: date | None = super().clean(value)
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError(_("Choose a day in the future."))
        return timezone.make_aware(datetime.combine(day, time.max))

    def widget_attrs(self, widget: Any) -> Any:
        """Disable past days in the browser's date picker."""
        return super().widget_attrs(widget) | {"min": timezone.localdate().isoformat()}


def until_field() -> DayField:
    """The optional last day of a membership."""
    return DayField(
        label=_("Access until"),
        required=False,
        help_text=_("The last day; empty for no end."),
    )


class GigabytesField(forms.DecimalField):
    """A number of bytes, written in gigabytes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_value=Decimal("0.001"),
            max_value=Decimal(1_000_000),
            decimal_places=3,
            required=False,
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        """Convert bytes from the model to gigabytes; leave submitted text unchanged."""
        if isinstance(value, int):
            return (Decimal(value) / BYTES_PER_GB).quantize(Decimal("0.001")).normalize()
        return value

    def clean(self, value: Any) -> int | None:
        gigabytes: Decimal | None = super().clean(value)
        return None if gigabytes is None else int(gigabytes * BYTES_PER_GB)


class LanguagesField(forms.CharField):
    """Codes of languages, separated by commas: "fr, en"."""

    def clean(self, value: Any) -> str:
        codes = read_languages(super().clean(value))
        if unknown := unknown_languages(codes):
            told = _("Not the code of a language: %(codes)s. Write codes such as fr, en.")
            raise forms.ValidationError(told % {"codes": ", ".join(unknown)})
        return ", ".join(codes)
