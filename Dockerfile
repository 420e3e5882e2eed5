# One image; the command decides: serve, worker, migrate.
FROM python:3.13-slim AS build
COPY requirements/serve.txt /tmp/
RUN python -m venv /opt/ebb \
 && /opt/ebb/bin/pip install --no-cache-dir --no-compile --require-hashes --only-binary :all: -r /tmp/serve.txt
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY ebb ebb
COPY app app
COPY model model
COPY store store
COPY worker worker
COPY migrations migrations
RUN /opt/ebb/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/ebb/bin/python -m compileall -q /opt/ebb/lib \
 && /opt/ebb/bin/pip uninstall -q -y pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Ebb" org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/ebb/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 EBB_HOME=/var/lib/ebb
COPY --from=build /opt/ebb /opt/ebb
# Made here, so that a named volume mounted on it belongs to the user that writes it.
RUN install -d -o 10001 -g 10001 -m 0750 /var/lib/ebb
USER 10001:10001
WORKDIR /var/lib/ebb
EXPOSE 8000
CMD ["ebb", "serve", "--host", "0.0.0.0"]
