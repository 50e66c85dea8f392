"""Static files with a hash in their names, ES modules included, so that caches keep them."""

from servestatic.storage import CompressedManifestStaticFilesStorage

# Bundles import their chunks by relative paths, which take the hashed names; libraries have bare
# names, which templates/includes/import_map.html resolves.
_MODULE_PATTERNS = (
    "*.js",
    (
        (
            r"""(?P<matched>(?P<keyword>\b(?:from|import)\s*)["'](?P<url>\.{1,2}/[^"']+)["'])""",
            """%(keyword)s"%(url)s\"""",
        ),
        (
            r"""(?P<matched>\bimport\(\s*["'](?P<url>\.{1,2}/[^"']+)["']\s*\))""",
            """import("%(url)s")""",
        ),
    ),
)


class ManifestStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Hashes names and rewrites the relative imports between our ES modules."""

    patterns = (*CompressedManifestStaticFilesStorage.patterns, _MODULE_PATTERNS)
