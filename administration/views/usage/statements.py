"""Monthly statements of organisations (a page, PDF, CSV), and the balances of all of them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from administration.forms.usage.dashboards import PeriodForm
from instances.access.administration import operator_view, organisation_view
from instances.models import Organisation
from usage.dashboards.periods import Period
from usage.statements.balances import balances_of
from usage.statements.csv_file import statement_as_csv
from usage.statements.statement import statement_of
from web.csv_files import CSV_MEDIA_TYPE

_KINDS = ("pdf", "csv")


@require_safe
@organisation_view
def organisation(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The statement of an organisation for a month."""
    month = _month(request)
    context = {
        "section": "statements",
        "period": month,
        "statement": statement_of(organisation, month.first),
        "kinds": _KINDS,
    }
    return render(request, "administration/usage/statement.html", context)


@require_safe
@organisation_view
def export(request: HttpRequest, organisation: Organisation, kind: str) -> HttpResponse:
    """The statement as a file."""
    if kind not in _KINDS:
        raise Http404
    month = _month(request).first
    statement = statement_of(organisation, month)
    if kind == "csv":
        response = HttpResponse(statement_as_csv(statement), content_type=CSV_MEDIA_TYPE)
    else:
        # Loaded where it is used: most processes never make a PDF.
        from usage.statements.pdf_file import statement_as_pdf

        response = HttpResponse(statement_as_pdf(statement), content_type="application/pdf")
    name = f"statement-{organisation.slug}-{month:%Y-%m}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@operator_view
def site(request: HttpRequest) -> HttpResponse:
    """What each organisation owes for a month."""
    month = _month(request)
    context = {"section": "statements", "period": month, "balances": balances_of(month.first)}
    return render(request, "administration/usage/balances.html", context)


def _month(request: HttpRequest) -> Period:
    return Period.around(PeriodForm(request.GET).period().first, "month")
