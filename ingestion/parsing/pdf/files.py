"""Open files with PDFium."""

import ctypes
import mmap
import os
from typing import BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as c


def mapped(file: BinaryIO) -> "ctypes.Array[ctypes.c_char]":
    """Return the file's bytes without reading them: PDFium opens no path and calls nothing back."""
    size = file.seek(0, os.SEEK_END)
    pages = mmap.mmap(file.fileno(), size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
    return (ctypes.c_char * size).from_buffer(pages)


def says_password(error: pdfium.PdfiumError) -> bool:
    """Tell whether PDFium could not open a file for want of a password."""
    return getattr(error, "err_code", None) in (c.FPDF_ERR_PASSWORD, c.FPDF_ERR_SECURITY)
