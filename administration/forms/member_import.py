"""The form that imports members from a list."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from instances.errors import TooManyLines, user_message
from instances.members.importing import MAX_CHARS, read_lines


class MemberImportForm(forms.Form):
    """People who have accounts, one per line.

    Submitted twice: first to show the accounts that were found, then with ``confirmed`` and the
    primary keys of the chosen accounts as ``person``.
    """

    people = forms.CharField(
        label=_("People"),
        required=False,
        strip=False,
        max_length=MAX_CHARS,
        widget=forms.Textarea(attrs={"rows": 8, "placeholder": _("jeanne.martin, editor")}),
        help_text=_(
            "One person per line: user name or e-mail address, then a comma and the role if it "
            "is not member (guest, member, editor, administrator)."
        ),
    )
    file = forms.FileField(
        label=_("Or a CSV file"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        text = cleaned.get("people") or ""
        # False when the request ticks the "clear" box of Django's file widget.
        if file:
            if file.size > MAX_CHARS:
                raise forms.ValidationError(_("This file is too large: 64 kB at most."))
            try:
                text = file.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise forms.ValidationError(_("This file is not UTF-8 text.")) from error
        if not text.strip():
            raise forms.ValidationError(_("Write or choose a list of people first."))
        try:
            cleaned["lines"] = read_lines(text.replace("\0", ""))
        except TooManyLines as error:
            raise forms.ValidationError(user_message(error)) from error
        # Submitted again by the confirmation page.
        cleaned["text"] = text
        return cleaned

    def confirmed(self) -> set[int] | None:
        """The primary keys of the confirmed people; None before the confirmation page."""
        if "confirmed" not in self.data:
            return None
        data: Any = self.data
        numbers = data.getlist("person")
        return {int(number) for number in numbers if number.isdecimal() and len(number) < 19}
