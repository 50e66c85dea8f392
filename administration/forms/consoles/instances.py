"""The form that filters and sorts the instances of an organisation."""

from django import forms

from administration.console_queries import SORTS
from instances.models import Instance


class InstancesForm(forms.Form):
    """Filter, order and page of the list; invalid values are ignored."""

    q = forms.CharField(required=False, max_length=100)
    status = forms.ChoiceField(required=False, choices=[("", ""), *Instance.Status.choices])
    sort = forms.ChoiceField(required=False, choices=[(name, name) for name in SORTS])
    page = forms.IntegerField(required=False, min_value=1)

    def chosen(self) -> dict[str, str]:
        """``search``, ``status`` and ``sort`` for ``console_queries.instances_of``."""
        self.is_valid()
        data = self.cleaned_data
        return {
            "search": data.get("q", ""),
            "status": data.get("status", ""),
            "sort": data.get("sort") or "name",
        }
