"""Sizes of files for readers, in decimal units, as operators set their limits."""

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _

_KB, _MB, _GB = 10**3, 10**6, 10**9


def format_bytes(size: int) -> str:
    """Return a number of bytes in words: « 41 B », « 48 KB », « 1.3 MB », « 20 GB »."""
    if size < _KB:
        return _("%(n)s B") % {"n": size}
    if size < _MB:
        return _("%(n)s KB") % {"n": -(-size // _KB)}
    if size < _GB:
        return _("%(n)s MB") % {"n": floatformat(size / _MB, "-1")}
    return _("%(n)s GB") % {"n": floatformat(size / _GB, "-1")}
