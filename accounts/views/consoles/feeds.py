"""Pages of operators: the metadata feeds of federations."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms.consoles.feeds import FeedChangeForm, FeedForm
from accounts.logins.changes import remove_source, save_source
from accounts.models import LoginRule, MetadataFeed
from accounts.saml.certificates import pem_certificates, readable_pem
from accounts.saml.metadata.feeds import add_feed, list_feeds, request_refresh
from instances.access.administration import operator_view
from instances.models import Organisation

SECTION = {"section": "logins", "part": "feeds"}


@require_safe
@operator_view
def index(request: HttpRequest) -> HttpResponse:
    """List the feeds with their states."""
    context = SECTION | {"feeds": list_feeds()}
    return render(request, "accounts/consoles/feeds.html", context)


@require_http_methods(["GET", "POST"])
@operator_view
def add(request: HttpRequest) -> HttpResponse:
    """Add a feed, and have it fetched."""
    form = FeedForm(request.POST or None)
    if form.is_valid():
        feed = add_feed(**form.cleaned_data)
        request_refresh(feed)
        messages.success(request, _("The feed was added. It is being fetched: reload this page."))
        return redirect("operation:feed", feed.pk)
    context = SECTION | {"form": form}
    return render(request, "accounts/consoles/feeds_edit.html", context)


@require_safe
@operator_view
def page(request: HttpRequest, feed_id: int) -> HttpResponse:
    """Show a feed: its last result, its certificates, its login rules."""
    feed = get_object_or_404(list_feeds(), pk=feed_id)
    certificates = readable_pem(feed.certificates)
    context = SECTION | {
        "feed": feed,
        "certificates": certificates,
        "has_unreadable": len(certificates) < len(pem_certificates(feed.certificates)),
        "rules": LoginRule.objects.filter(feed=feed).with_sources(),
        "organisations": Organisation.objects.all(),
    }
    return render(request, "accounts/consoles/feed.html", context)


@require_http_methods(["GET", "POST"])
@operator_view
def change(request: HttpRequest, feed_id: int) -> HttpResponse:
    """Change the name, the certificates or the priority of a feed."""
    feed = get_object_or_404(MetadataFeed, pk=feed_id)
    form = FeedChangeForm(request.POST or None, instance=feed)
    if form.is_valid():
        save_source(form.save(commit=False), fields=form.changed_data)
        request_refresh(feed)
        messages.success(request, _("Saved. The feed is being fetched again."))
        return redirect("operation:feed", feed.pk)
    context = SECTION | {"form": form, "feed": feed}
    return render(request, "accounts/consoles/feeds_edit.html", context)


@require_POST
@operator_view
def refresh(request: HttpRequest, feed_id: int) -> HttpResponse:
    """Have a feed fetched now."""
    feed = get_object_or_404(MetadataFeed, pk=feed_id, is_enabled=True)
    request_refresh(feed)
    text = _("The feed is being fetched. Reload this page in a few seconds to see the result.")
    messages.success(request, text)
    return redirect("operation:feed", feed.pk)


@require_POST
@operator_view
def switch(request: HttpRequest, feed_id: int) -> HttpResponse:
    """Enable a feed, or disable it and end the sessions through its IdPs."""
    feed = get_object_or_404(MetadataFeed, pk=feed_id)
    feed.is_enabled = request.POST.get("is_enabled") == "yes"
    save_source(feed, fields=["is_enabled"])
    if feed.is_enabled:
        request_refresh(feed)
        messages.success(request, _("%s is enabled.") % feed)
    else:
        messages.success(request, _("%s is disabled; the sessions through it have ended.") % feed)
    return redirect("operation:feed", feed.pk)


@require_POST
@operator_view
def remove(request: HttpRequest, feed_id: int) -> HttpResponse:
    """Remove a feed with its IdPs and login rules."""
    feed = get_object_or_404(MetadataFeed, pk=feed_id)
    remove_source(feed)
    messages.success(request, _("%s was removed.") % feed)
    return redirect("operation:feeds")
