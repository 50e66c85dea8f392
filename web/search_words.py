"""The words of a search: every search of the site takes them from here.

Each word is a condition of the query, some of them a subquery: without a limit one request with
thousands of words occupies a database connection for minutes.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

MAX_CHARS = 200
MAX_WORDS = 6


def search_text(text: str) -> str:
    """Return the part of ``text`` that is searched: MAX_CHARS at most, without NUL."""
    return text[:MAX_CHARS].replace("\0", " ").strip()


def search_words(text: str) -> list[str]:
    """Return the first MAX_WORDS words of what is searched."""
    return search_text(text).split()[:MAX_WORDS]


class LimitedSearchAdmin(admin.ModelAdmin):
    """Pages of /admin/ with the same limit for their search and their choice of related rows."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search the first words only."""
        return super().get_search_results(request, queryset, " ".join(search_words(search_term)))
