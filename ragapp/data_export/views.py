"""A person's own data, to download."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from people.requests import logged_in_user
from ragapp.data_export.archive import stream_archive


@require_http_methods(["GET", "POST"])
@login_required
def data_export(request: HttpRequest) -> HttpResponseBase:
    """Say what the archive holds (GET), or send it (POST)."""
    if request.method != "POST":
        return render(request, "ragapp/data_export.html")
    user = logged_in_user(request)
    name = f"{user.username}-{timezone.localdate()}.zip"
    return StreamingHttpResponse(
        stream_archive(user, get_language() or "fr"),
        content_type="application/zip",
        headers={"Content-Disposition": str(content_disposition_header(True, name))},
    )
