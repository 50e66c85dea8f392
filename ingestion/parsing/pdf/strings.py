"""Strings of PDFium's functions in C: call once for the size, then for the text."""

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as c

_MAX_BYTES = 2_000_000


def wide_string(function: Callable[..., int], *arguments: Any) -> str:
    """Return the UTF-16 string that `function` writes, "" if there is none."""
    size = function(*arguments, None, 0)
    if not 2 < size <= _MAX_BYTES:
        return ""
    buffer = (c.FPDF_WCHAR * (size // 2 + 1))()
    function(*arguments, buffer, size)
    return ctypes.string_at(buffer, size - 2).decode("utf-16-le", "replace")
