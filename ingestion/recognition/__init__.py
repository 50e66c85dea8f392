"""OCR of the pages of a document that are images, between the parse that finds them and the parse
that puts their text in order: docs/decisions/044-ocr.md.

- ``reading``: reads pages side by side, in confined children, for the time of a turn;
- ``pages``: their rows, each written when its page is read, so that a dead worker loses few.
"""
