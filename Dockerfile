# syntax=docker/dockerfile:1
# One image for every role: `manage.py up` runs them all, `manage.py up --only web` one of them.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    UV_LINK_MODE=copy \
    VIRTUAL_ENV=/opt/portal
WORKDIR /build
COPY requirements.txt .
# uv itself comes from the lock file, by hash; then it installs the rest the same way. Bytecode is
# compiled here, because the image's user may not write it: MLflow would take a minute to import.
# The packages' own tests, and pip once uv is there, are 150 MB that nothing runs.
RUN python -m venv /opt/portal \
    && awk '/^uv==/ { on = 1 } on { print } on && !/\\$/ { exit }' requirements.txt > uv.txt \
    && /opt/portal/bin/python -m pip install --no-cache-dir --require-hashes -r uv.txt \
    && /opt/portal/bin/uv pip sync --no-cache --require-hashes --compile-bytecode requirements.txt \
    && /opt/portal/bin/uv pip uninstall pip setuptools \
    && find /opt/portal/lib -name tests -type d -prune -exec rm -rf {} +

FROM python:3.11-slim
# tini collects the processes of models whose parent was killed.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin portal \
    && install --directory --owner portal --group portal --mode 0700 /data
COPY --from=build /opt/portal /opt/portal
WORKDIR /app
COPY . .
RUN /opt/portal/bin/python -m compileall -q .
ENV PATH=/opt/portal/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PORTAL_DATA=/data \
    PORTAL_HOST=0.0.0.0 \
    PORTAL_PUBLIC_URL=http://localhost:8000
USER portal
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-m", "deploy.healthcheck"]
ENTRYPOINT ["tini", "--", "deploy/entrypoint"]
CMD ["up"]
