"""The home page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from administration.forms.home import HomeForm
from administration.home import home_of
from people.requests import logged_in_user


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the person's instances, those open to them, and their requests."""
    shown = HomeForm(request.GET).chosen()
    context = {"home": home_of(logged_in_user(request), shown), "shown": shown}
    return render(request, "administration/home.html", context)
