"""Static files with a hash in their names, ES modules included, to be cached for good."""

from servestatic.storage import CompressedManifestStaticFilesStorage


class ManifestStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Rewrites ``import`` statements between our modules to their hashed names."""

    support_js_module_import_aggregation = True
    manifest_strict = False
