"""The form that filters the home page."""

from django import forms

from administration.home import Shown


class HomeForm(forms.Form):
    """What to show on the home page; invalid values are ignored."""

    q = forms.CharField(required=False, max_length=100)
    archived = forms.BooleanField(required=False)
    page = forms.IntegerField(required=False, min_value=1)
    open = forms.IntegerField(required=False, min_value=1)

    def chosen(self) -> Shown:
        """The choice, with defaults."""
        self.is_valid()
        data = self.cleaned_data
        return Shown(
            search=data.get("q", ""),
            archived=data.get("archived", False),
            page=data.get("page") or 1,
            open_page=data.get("open") or 1,
        )
