"""Pages of PDF files that are images: which they are, and what OCR read on them as lines."""
