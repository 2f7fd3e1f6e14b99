# The operator's image for users with a registry of images: the bundles on a
# distroless Node 24. Build the bundles first: npm run build
ARG BASE=gcr.io/distroless/nodejs24-debian12:nonroot
FROM ${BASE}
WORKDIR /app
COPY dist/webhook.mjs dist/webhook.mjs.map dist/controller.mjs dist/controller.mjs.map \
  dist/sweep.mjs dist/sweep.mjs.map dist/kubectl-multigres.mjs dist/kubectl-multigres.mjs.map /app/
COPY --chmod=755 cli/image/kubectl-multigres /usr/local/bin/
USER 65532:65532
# With source maps (NODE_OPTIONS=--enable-source-maps) the first error costs 40 MiB; names of functions stay without.
ENTRYPOINT ["/nodejs/bin/node"]
CMD ["/app/controller.mjs"]
