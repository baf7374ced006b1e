# One small image for all of Sluicebox; the command says what runs: `scorer --config /etc/sluicebox/sluicebox.yaml`.
# What runs is the source itself: Node.js 24 strips the types.
#
# The final image begins empty and gets Node.js, the libraries that it loads, the application and a user without rights:
# no shell, no package manager, nothing that an intruder could use, and nothing that must be patched but Node.js and the
# C library. To pin the base image by its digest: --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY . .
# No install scripts: the one native add-on that is needed comes built.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts
RUN sh infra/docker/rootfs.sh /rootfs /app

FROM scratch
LABEL org.opencontainers.image.title="Sluicebox" \
      org.opencontainers.image.description="Scores every session of a clickstream while it still goes on." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /rootfs /
COPY --from=build --chown=65532:65532 /rootfs/data /data
COPY --from=build /app /app
ENV NODE_ENV=production
# The default `dataDir`, data, is then the folder above.
WORKDIR /
USER 65532:65532
EXPOSE 8080 9464
ENTRYPOINT ["/usr/local/bin/node", "/app/services/cli/bin/sluicebox.js"]
CMD ["--help"]
