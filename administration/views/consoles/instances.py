"""Console of an organisation: the list of its instances."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from administration import console_queries
from administration.forms.consoles.instances import InstancesForm
from administration.levels import PageLevel
from administration.model_backends.problems import retired_at
from instances.access.administration import organisation_view
from instances.models import Instance, Organisation

ROWS_PER_PAGE = 50


@require_safe
@organisation_view
def index(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """List the instances; filtered, sorted, paginated."""
    form = InstancesForm(request.GET)
    chosen = form.chosen()
    instances = console_queries.instances_of(organisation, **chosen)
    page = Paginator(instances, ROWS_PER_PAGE).get_page(form.cleaned_data.get("page"))
    members = console_queries.count_members(page)
    context = {
        "section": "instances",
        "retired": retired_at(PageLevel(organisation=organisation)),
        "figures": console_queries.figures_of(organisation),
        "page": page,
        "rows": [(instance, members.get(instance.pk, 0)) for instance in page],
        "chosen": chosen,
        "statuses": Instance.Status.choices,
        "sorts": [
            ("name", _("Name")),
            ("use", _("Last use, latest first")),
            ("disuse", _("Last use, longest ago first")),
            ("documents", _("Most documents")),
            ("storage", _("Most storage")),
        ],
    }
    return render(request, "administration/consoles/instances.html", context)
