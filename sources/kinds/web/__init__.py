"""Web pages: one page, those of a sitemap, or those of a site below a path."""
