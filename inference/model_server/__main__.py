"""`python -m inference.model_server`: serve the models named in the environment until SIGTERM."""

import logging
import os
import sys

import uvicorn
from environs import EnvError

from inference.model_server.app import model_server
from inference.model_server.configuration import Configuration
from inference.model_server.service import ModelService
from web.log_lines import LineFormatter, log_uncaught


def log_lines() -> None:
    """Log one line a record."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    log_uncaught()


def main() -> None:
    """Load the models, then listen; exits with 1 and one line when the configuration is wrong."""
    log_lines()
    try:
        configuration = Configuration.from_environment()
        service = ModelService(configuration)
    except (EnvError, FileNotFoundError) as error:
        sys.exit(f"models: {error}")
    app = model_server(
        service, api_key=configuration.api_key, max_body_bytes=configuration.max_body_bytes
    )
    uvicorn.run(
        app,
        host=configuration.host,
        port=configuration.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    # A batch's threads are the engine's: no second pool for the tokenizers of fallback models.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
