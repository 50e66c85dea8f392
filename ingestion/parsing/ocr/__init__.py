"""Read the text of pages that are images: docs/decisions/044-ocr.md.

- ``data``: the languages, whose files the launcher installs (``launcher.installation.ocr_data``);
- ``rasters``: a page of a file in grey pixels; ``skew`` and ``cleaning``: set straight, speckles
  off;
- ``engine``: Tesseract, loaded once before the confined children are forked;
- ``page``: all of it for one page. ``ingestion.parsing.pdf.scans`` puts the result together.
"""
