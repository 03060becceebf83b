FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /srv/jenjang

# The libraries first: this layer is built anew only when the lock changes.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY app ./app
COPY migrations ./migrations
COPY bpmn ./bpmn
RUN pip install --no-deps --no-build-isolation --editable . \
 && python -m compileall -q app \
 && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin jenjang \
 && install -d -o jenjang -g jenjang -m 0700 /data /audit

USER 10001
ENV JENJANG_DATA_DIR=/data \
    JENJANG_AUDIT_DIR=/audit
VOLUME /data /audit
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]

# Migrating is a step of its own (`jenjang migrate`): replicas that start together must not race for it.
CMD ["jenjang", "serve", "--host", "0.0.0.0", "--port", "8000"]
