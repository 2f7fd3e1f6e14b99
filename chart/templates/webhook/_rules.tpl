{{- /* Made from the list of policies by npm run generate. Do not edit. */ -}}
{{- define "multigres-operator.validatingRules" -}}
- apiGroups: [multigres.com]
  apiVersions: [v1alpha1]
  operations: [CREATE, UPDATE, DELETE]
  resources: [multigresclusters, cells, tablegroups, shards, toposervers, coretemplates, celltemplates, shardtemplates]
  scope: Namespaced
{{- end -}}
{{- define "multigres-operator.bypassablePolicies" -}}
- backup-shared-volume
- cells-known
- cells-share-zone
- data-stays
- deletion-of-data
- deletion-protection
- durability-can-be-met
- durability-change
- durability-known
- etcd-size-frozen
- etcd-spread
- external-ips
- external-without-ips
- gateway-buffer
- image-builds
- image-tags
- limits-cover-requests
- live-state-known
- names-fit
- nodes-for-poolers
- override-creates-pool
- password-secret
- pool-names
- pools-stay
- postgres-config
- postgres-config-ref
- references-exist
- risky-changes
- runtime-identity
- scale-down-backup
- scale-down-safe
- single-etcd
- storage-can-grow
- storage-class-default
- storage-not-shrunk
- storage-sizes
- survives-zone-loss
- templates-in-use
- volumes-follow-pods
- write-headroom
- zone-stays
- zones-exist
- zones-mixed
{{- end -}}
