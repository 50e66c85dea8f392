"""The kind ``web``: form, and what it is."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from sources.interface import KindForm, Opening, Reader
from sources.kinds.fields import AddressField
from sources.kinds.web.reader import PAGE, SITE, SITEMAP, WebReader

_MAX_DEPTH = 20


class WebForm(KindForm):
    """Which pages are read."""

    place_fields = ("url",)

    url = AddressField(label=_("Address"))
    scope = forms.ChoiceField(
        label=_("What to read"),
        choices=[
            (PAGE, _("This page or file only")),
            (SITE, _("The pages below this address, by their links")),
            (SITEMAP, _("The pages of the sitemap of the site")),
        ],
        initial=SITE,
        widget=forms.RadioSelect,
    )
    max_depth = forms.IntegerField(
        label=_("Depth of links"),
        min_value=0,
        max_value=_MAX_DEPTH,
        initial=5,
        help_text=_("How many links a page may be away from the address. Not used by sitemaps."),
    )
    max_pages = forms.IntegerField(
        label=_("Pages at most"), min_value=1, initial=500, help_text=_("Including linked files.")
    )
    includes_files = forms.BooleanField(
        label=_("Also read linked files (PDF, Word…)"), required=False, initial=True
    )

    def clean_max_pages(self) -> int:
        """Return the limit, which is at most that of the site."""
        pages: int = self.cleaned_data["max_pages"]
        if pages > settings.SOURCE_MAX_ITEMS:
            message = _("A source has %(n)s items at most.")
            raise forms.ValidationError(message, params={"n": settings.SOURCE_MAX_ITEMS})
        return pages


class WebKind:
    """Web pages: one, those of a sitemap, or those of a site below a path."""

    name = "web"
    label = _("Web site")
    description = _(
        "One page, the pages below an address, or those of a sitemap. The robots.txt of the site "
        "is respected, and its menus and footers are left out."
    )
    form = WebForm

    def open(self, opening: Opening) -> Reader:
        """Return a reader of the pages."""
        return WebReader(opening)
