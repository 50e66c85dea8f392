"""Which pages of a PDF file have no text of their own, but something that OCR may read."""

import pypdfium2 as pdfium
import pypdfium2.raw as c

# Text that a program turned into outlines has a path for each letter.
_MIN_OUTLINES = 40
_MAX_DEPTH = 3


def is_scan(page: pdfium.PdfPage) -> bool:
    """Tell whether a page without text shows an image, or as many shapes as letters."""
    outlines = 0
    kinds = [c.FPDF_PAGEOBJ_IMAGE, c.FPDF_PAGEOBJ_PATH]
    for item in page.get_objects(filter=kinds, max_depth=_MAX_DEPTH):
        outlines += item.type == c.FPDF_PAGEOBJ_PATH
        if item.type == c.FPDF_PAGEOBJ_IMAGE or outlines >= _MIN_OUTLINES:
            return True
    return False
