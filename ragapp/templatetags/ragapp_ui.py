"""Small pieces of interface: icons, and what the shell around every page shows."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django import template
from django.core.paginator import Page
from django.db.models.functions import Coalesce
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from administration.accent import accent_for
from chat.organising.listing import Listing, recent_days
from instances.models import Instance, Membership, Organisation
from instances.sizes import format_bytes
from instances.tenancy import as_user
from people.models import User

register = template.Library()
register.filter("file_size", format_bytes)

# In the menu of instances, which is on every page.
RECENT_INSTANCES = 12


@register.simple_tag
def icon(name: str, size: int = 20) -> SafeString:
    """Draw one symbol of static/icons.svg, hidden from screen readers; a text stands by it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false" width="{0}" height="{0}">'
        '<use href="{1}#{2}"></use></svg>',
        size,
        _icons_url(),
        name,
    )


@cache
def _icons_url() -> str:
    # Its hashed name stays the same while the process lives; a page asks it hundreds of times.
    return static("icons.svg")


@register.filter
def initials(name: str) -> str:
    """Return the first letters of the first two words of a name, in capitals."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper()


@dataclass(frozen=True, slots=True)
class PageLink:
    """A number in the pager; pages left out, shown as « … », have no address."""

    number: int | str
    url: str
    is_current: bool


@register.inclusion_tag("includes/pager.html", takes_context=True)
def pager(context: Context, page: Page, parameter: str = "page", label: str = "") -> dict[str, Any]:
    """Draw links to the pages of a list, whose number is ``parameter`` of the address."""
    query = context["request"].GET.copy()

    def url(number: int) -> str:
        query[parameter] = str(number)
        return f"?{query.urlencode()}"

    pages = page.paginator
    numbers = pages.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    links = [
        PageLink(number, url(number) if isinstance(number, int) else "", number == page.number)
        for number in numbers
    ]
    return {
        "page": page,
        "label": label or _("Pages"),
        "previous": url(page.previous_page_number()) if page.has_previous() else "",
        "next": url(page.next_page_number()) if page.has_next() else "",
        "links": links if pages.num_pages > 1 else [],
    }


@register.simple_tag(takes_context=True)
def accent_style(context: Context, instance: Instance) -> SafeString:
    """Give the page its instance's accent, corrected for contrast in both themes."""
    if not instance.accent_colour:
        return SafeString("")
    accent = accent_for(instance.accent_colour)
    return format_html(
        '<style nonce="{}">:root {{ --accent: light-dark({}, {}); }}</style>',
        context["request"].csp_nonce,
        accent.light,
        accent.dark,
    )


@register.simple_tag
def recent_memberships(user: User) -> list[Membership]:
    """List the memberships that a person used last, with their instances; home has them all."""
    with as_user(user.pk):
        return list(
            Membership.objects.current()
            .filter(user=user)
            .exclude(instance__status=Instance.Status.ARCHIVED)
            .select_related("instance__organisation")
            .order_by(Coalesce("last_used_at", "created_at").desc(), "pk")[:RECENT_INSTANCES]
        )


@register.simple_tag
def organisations_of(user: User) -> list[Organisation]:
    """List the organisations that a person was made administrator of, by name."""
    return list(Organisation.objects.filter(administrators__user=user))


@register.simple_tag
def recent_conversations(membership: Membership) -> Listing:
    """Group the person's latest conversations in the instance by day."""
    return recent_days(membership)
