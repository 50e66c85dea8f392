"""Ratings of answers and questions without an answer: read and exported by editors."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from chat.forms import RatingSearchForm
from chat.ratings import count_ratings, rated_answers, ratings_as_csv
from instances.access.gates import instance_view
from instances.models import Membership
from web.csv_files import CSV_MEDIA_TYPE

RATINGS_PER_PAGE = 25


@require_safe
@instance_view("editor")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """List the rated and unanswered questions; filtered, paginated."""
    form = RatingSearchForm(request.GET)
    search = form.search()
    answers = rated_answers(membership.instance, search)
    context = {
        "form": form,
        "is_searched": any(form.cleaned_data.values()),
        "counts": count_ratings(membership.instance, search),
        "page": Paginator(answers, RATINGS_PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "chat/ratings.html", context)


@require_safe
@instance_view("editor")
def export(request: HttpRequest, membership: Membership) -> StreamingHttpResponse:
    """The filtered list as CSV."""
    search = RatingSearchForm(request.GET).search()
    lines = ratings_as_csv(membership.instance, search, language=get_language() or "")
    response = StreamingHttpResponse(lines, content_type=CSV_MEDIA_TYPE)
    name = f"ratings-{membership.instance.slug}-{timezone.localdate():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
