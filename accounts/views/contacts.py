"""Whom a person may ask for help; error pages, which run no query, fetch it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.contacts import contacts_of
from people.requests import logged_in_user


@require_safe
@login_required
def contacts(request: HttpRequest) -> HttpResponse:
    """List the contacts, of ``?instance=`` first; with ``?part``, only the list."""
    found = contacts_of(logged_in_user(request), request.GET.get("instance", ""))
    is_part = "part" in request.GET
    template = "accounts/includes/contacts.html" if is_part else "accounts/contacts.html"
    return render(request, template, {"contacts": found})
