# syntax=docker/dockerfile:1
FROM docker.io/library/python:3.13-slim-trixie AS build

RUN pip install --no-cache-dir uv==0.13.9
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /portal
# The dependencies change seldom: a layer of their own.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv uv sync --frozen --no-dev
COPY manage.py ./
COPY workspaces workspaces
COPY segments segments
COPY portal portal
COPY crm_sync crm_sync
COPY introw introw
COPY templates templates
COPY static static
RUN PORTAL_STATIC_MANIFEST=1 PORTAL_STATIC_ROOT=/portal/collected \
    .venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && .venv/bin/python -m compileall -q workspaces segments portal crm_sync introw


FROM docker.io/library/python:3.13-slim-trixie

RUN groupadd --gid 10001 portal \
    && useradd --uid 10001 --gid portal --no-create-home --home-dir /portal --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal /media
COPY --from=build /portal /portal
WORKDIR /portal
ENV PATH=/portal/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PORTAL_HOST=0.0.0.0 \
    PORTAL_PORT=8000 \
    PORTAL_STATIC_MANIFEST=1 \
    PORTAL_STATIC_ROOT=/portal/collected \
    PORTAL_MEDIA_ROOT=/media
USER portal
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# web by default; worker, beat, relay and listener are the others (introw/processes.py).
ENTRYPOINT ["python", "-m", "introw.processes"]
CMD ["web"]
