"""The environment variables that each process inherits from the launcher: only those it needs.

An attacker who controls a process reads its environment. So each secret is given only to the
processes that use it; the URL of the tables' owner, who may disable row security, only to
``migrate``, and that of a role without it only to backups.
"""

import os

OWNER_URL = "DATABASE_OWNER_URL"
BACKUP_URL = "BACKUP_DATABASE_URL"
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
    *("MODEL_SERVER_", "EMBEDDING_MODEL", "RERANK_MODEL", "ENTAILMENT_MODEL"),
    *("TRANSCRIPTION_FOLDER", "TRANSCRIPTION_MODEL", "HF_", "TRANSFORMERS_", "TOKENIZERS_"),
    *("TORCH_", "CUDA_", "NVIDIA_", "OMP_", "KMP_", "MKL_", "OPENBLAS_", "OPENVINO_", "OV_"),
    *("ONEDNN_", "DNNL_", "MALLOC_", "XDG_"),
)
BEAT = ("CELERY_BROKER_URL", "TIME_ZONE", "LOG_LEVEL")


def plain(*prefixes: str) -> dict[str, str]:
    """Return paths, language, time zone, proxies, and variables with one of ``prefixes``."""
    kept = _PLAIN_PREFIXES + prefixes
    return {
        name: value
        for name, value in os.environ.items()
        if name in _PLAIN or name.lower() in _PROXIES or name.startswith(kept)
    }


def settings() -> dict[str, str]:
    """Return all variables but URLs of stronger roles, for processes that load ragapp.settings."""
    left_out = (OWNER_URL, f"{OWNER_URL}_FILE", BACKUP_URL, f"{BACKUP_URL}_FILE")
    return {name: value for name, value in os.environ.items() if name not in left_out}
