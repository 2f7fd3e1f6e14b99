# The operator's image for users with a registry of images: the bundles on a
# distroless Node 24. Build the bundles first: npm run build
ARG BASE=gcr.io/distroless/nodejs24-debian12:nonroot
FROM ${BASE}
WORKDIR /app
COPY dist/webhook.mjs dist/webhook.mjs.map dist/controller.mjs dist/controller.mjs.map \
  dist/kubectl-multigres.mjs dist/kubectl-multigres.mjs.map /app/
COPY --chmod=755 cli/image/kubectl-multigres /usr/local/bin/
USER 65532:65532
ENTRYPOINT ["/nodejs/bin/node", "--enable-source-maps"]
CMD ["/app/controller.mjs"]
