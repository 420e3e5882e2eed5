# One image; the command decides: serve, worker, migrate, secrets.
FROM python:3.13.14-slim AS build
COPY requirements/serve.txt /tmp/
# Locked wheels alone: nothing is compiled, so the image needs no compiler even while it is made.
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
# Out with the tools, and with what of pyarrow (half of the whole) a reader of tables has no use for. Bytecode is
# made here, because the file system is read-only later, and holds no date: the same locks give the same files.
RUN /opt/ebb/bin/pip install --no-cache-dir --no-compile --no-deps --no-build-isolation . \
 && /opt/ebb/bin/pip uninstall -q -y setuptools pip \
 && find /opt/ebb -path '*/pyarrow/*' \( -name include -o -name tests -o -name '*flight*' -o -name '*s3*' \) -prune -exec rm -rf {} + \
 && /opt/ebb/bin/python -m compileall -qf -j 0 --invalidation-mode unchecked-hash /opt/ebb/lib

FROM python:3.13.14-slim
LABEL org.opencontainers.image.title="Ebb" org.opencontainers.image.licenses="Apache-2.0"
# The folders are made here, so that a named volume mounted on one belongs to the user that writes it.
RUN python -m pip uninstall -q -y --root-user-action ignore pip \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/ebb /var/lib/ebb-keys /var/lib/ebb-metrics /var/spool/ebb \
        /var/lib/ebb-secrets/superuser /var/lib/ebb-secrets/owner /var/lib/ebb-secrets/service /var/lib/ebb-secrets/redis
COPY --from=build /opt/ebb /opt/ebb
ENV PATH=/opt/ebb/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 EBB_HOME=/var/lib/ebb
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/ebb
EXPOSE 8000
CMD ["ebb", "serve", "--host", "0.0.0.0"]
