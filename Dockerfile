# Sightline's own processes (web, worker, beat, management commands) in one image.
# docker-compose.yml starts them; docs/docker.md says what to set.

# The front end, from its lockfile.
FROM node:20-bookworm-slim AS front
WORKDIR /src/static
COPY static/package.json static/package-lock.json static/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY static/ ./
RUN npm run build

# Python packages, each with its hash.
FROM python:3.11-slim-bookworm AS packages
RUN python -m venv /opt/venv
COPY requirements.txt /src/
RUN /opt/venv/bin/python -m pip install --no-cache-dir --require-hashes -r /src/requirements.txt

# The world basemap, from open data that comes in packages.
FROM packages AS map
WORKDIR /src
COPY scripts/requirements/basemap.txt ./
RUN /opt/venv/bin/python -m pip install --no-cache-dir --require-hashes -r basemap.txt
COPY scripts/__init__.py ./scripts/
COPY scripts/sightline/ ./scripts/sightline/
COPY --from=front /src/static/node_modules/ ./node_modules/
RUN mkdir /map && /opt/venv/bin/python -m scripts.sightline.basemap node_modules /map/world.pmtiles

# What runs: no compiler, no Node, no package lists.
FROM python:3.11-slim-bookworm AS sightline
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgdal32 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin sightline
COPY --from=packages /opt/venv/ /opt/venv/
WORKDIR /srv/sightline
COPY manage.py ./
COPY dispatch/ ./dispatch/
COPY callers/ ./callers/
COPY templates/ ./templates/
COPY --from=front /src/static/dist/ ./static/dist/
COPY --from=map /map/ /srv/map/
ENV PATH=/opt/venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=dispatch.settings \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/srv/static \
    BASEMAP_DIR=/srv/map
# Reading settings takes secrets, which collecting files does not use; none is kept in the image.
RUN SECRET_KEY=unused LINK_KEY=0000000000000000000000000000000000000000000000000000000000000000 \
    DEVELOPMENT=true python manage.py collectstatic --noinput -v 0
USER 10001:10001
EXPOSE 8000
CMD ["uvicorn", "dispatch.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--ws", "dispatch.feed.server:Protocol", "--ws-max-size", "65536", "--ws-per-message-deflate", "false", "--lifespan", "off", "--timeout-keep-alive", "130", "--timeout-graceful-shutdown", "2", "--no-access-log"]
