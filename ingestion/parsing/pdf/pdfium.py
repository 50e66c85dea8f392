"""What several modules need of PDFium: the bytes of a file, its refusals, its strings."""

import ctypes
import mmap
import os
from collections.abc import Callable
from typing import Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as c

_MAX_STRING_BYTES = 2_000_000


def mapped(file: BinaryIO) -> "ctypes.Array[ctypes.c_char]":
    """Return the file's bytes without reading them: PDFium opens no path and calls nothing back."""
    size = file.seek(0, os.SEEK_END)
    pages = mmap.mmap(file.fileno(), size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
    return (ctypes.c_char * size).from_buffer(pages)


def says_password(error: pdfium.PdfiumError) -> bool:
    """Tell whether PDFium could not open a file for want of a password."""
    return getattr(error, "err_code", None) in (c.FPDF_ERR_PASSWORD, c.FPDF_ERR_SECURITY)


def wide_string(function: Callable[..., int], *arguments: Any) -> str:
    """Return the UTF-16 string that `function` writes, "" if there is none.

    It is called for the size, then for the text.
    """
    size = function(*arguments, None, 0)
    if not 2 < size <= _MAX_STRING_BYTES:
        return ""
    buffer = (c.FPDF_WCHAR * (size // 2 + 1))()
    function(*arguments, buffer, size)
    return ctypes.string_at(buffer, size - 2).decode("utf-16-le", "replace")
