"""Pictures (PNG, JPEG, TIFF, WebP, GIF, BMP): documents whose pages OCR reads."""
