"""Console of an organisation: its settings."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.forms.consoles.settings import OrganisationSettingsForm
from administration.settings_changes import save_changes
from instances.access.administration import organisation_view
from instances.models import Organisation


@require_http_methods(["GET", "POST"])
@organisation_view
def index(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Edit the name, the contact, how instances are created, and their limits."""
    form = OrganisationSettingsForm(request.POST or None, instance=organisation)
    if form.is_valid():
        save_changes(form)
        messages.success(request, _("Saved."))
        return redirect("administration:organisation_settings", organisation.slug)
    if form.is_bound:
        # The rest of the page shows the stored values.
        organisation.refresh_from_db()
    context = {"section": "settings", "form": form}
    return render(request, "administration/consoles/settings.html", context)
