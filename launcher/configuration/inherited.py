"""What a process of ours inherits of the launcher's environment: no more than it needs.

The environment of a process can be read by whoever takes it over, so a secret goes to those alone
that use it, and the URL of the tables' owner, who may switch row security off, to ``migrate``.
"""

import os

OWNER_URL = "DATABASE_OWNER_URL"
_PLAIN = {
    *("HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "SHELL", "TERM"),
    *("TMPDIR", "TZ", "USER"),
}
# Proxies and certificate authorities in either case, Python's own variables.
_PLAIN_PREFIXES = ("LC_", "PYTHON", "SSL_CERT_", "REQUESTS_CA_", "CURL_CA_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
TOOLS = ("PIP_", "UV_", "NPM_", "npm_", "NODE_", "XDG_", "HF_", "RAGAPP_")
# The model server's own settings, and what its numeric libraries read.
MODELS = (
    *("MODEL_SERVER_", "EMBEDDING_MODEL", "RERANK_MODEL", "HF_", "TRANSFORMERS_", "TOKENIZERS_"),
    *("TORCH_", "CUDA_", "NVIDIA_", "OMP_", "KMP_", "MKL_", "OPENBLAS_", "OPENVINO_", "OV_"),
    *("ONEDNN_", "DNNL_", "MALLOC_", "XDG_"),
)
CLOCK = ("CELERY_BROKER_URL", "TIME_ZONE", "LOG_LEVEL")


def plain(*prefixes: str) -> dict[str, str]:
    """Paths, language, time zone, proxies, and what begins with one of ``prefixes``."""
    kept = _PLAIN_PREFIXES + prefixes
    return {
        name: value
        for name, value in os.environ.items()
        if name in _PLAIN or name.lower() in _PROXIES or name.startswith(kept)
    }


def settings() -> dict[str, str]:
    """All that the operator set but the owner's URL: for processes that load ragapp.settings."""
    owner = (OWNER_URL, f"{OWNER_URL}_FILE")
    return {name: value for name, value in os.environ.items() if name not in owner}
