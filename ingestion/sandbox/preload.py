"""Import all modules that parsers may need: a confined child cannot open files.

`ingestion.parsing.registry` imports the parsers. This module adds those that libraries import on
first use: all codecs, the parts of pypdf, PyAV and email.
"""

import contextlib
import importlib
import pkgutil
import time

from cryptography.hazmat.backends import default_backend

from ingestion.parsing import registry

_PACKAGES = (
    *("av", "charset_normalizer", "email", "encodings", "markdown_it", "msoffcrypto", "pypdf"),
)


def preload() -> None:
    """Import the parsers, and all modules of the packages that import their own lazily."""
    assert registry.PARSERS  # noqa: S101 (its import is what is wanted)
    for name in _PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}.", onerror=lambda _: None):
            # Codecs of Windows, command-line modules, and modules that need an optional package.
            with contextlib.suppress(ImportError):
                if not module.name.endswith(("__main__", ".cli")):
                    importlib.import_module(module.name)
    default_backend()  # imports OpenSSL
    time.tzset()  # reads /etc/localtime
