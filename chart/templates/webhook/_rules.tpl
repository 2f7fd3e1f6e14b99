{{- /* Made from the list of policies and the defaults by npm run generate. Do not edit. */ -}}
{{- define "multigres-operator.validatingRules" -}}
- apiGroups: [multigres.com]
  apiVersions: [v1alpha1]
  operations: [CREATE, UPDATE, DELETE]
  resources: [multigresclusters, cells, tablegroups, shards, toposervers, coretemplates, celltemplates, shardtemplates]
  scope: Namespaced
{{- end -}}
{{- define "multigres-operator.somethingToWrite" -}}
- name: something-to-write
  expression: '!has(object.spec) || [object.spec].exists(s, type(s) == map && ((["images", "logLevels", "topologyPruning", "durabilityPolicy", "pvcDeletionPolicy", "postgresSuperuser", "backup", "databases"].exists(k, !(k in s))) || (s.durabilityPolicy == "") || (s.postgresSuperuser == "") || (type(s.images) == map && ["imagePullPolicy"].exists(k, !(k in s.images) || s.images[k] == "")) || (type(s.logLevels) == map && ["pgctld", "multipooler", "multiorch", "multiadmin", "multigateway"].exists(k, !(k in s.logLevels) || s.logLevels[k] == "")) || (["globalTopoServer", "multiadmin", "multiadminWeb"].exists(k, k in s && type(s[k]) == map && ["spec", "etcd", "external", "templateRef"].filter(p, p in s[k] && s[k][p] != "").size() != 1)) || (type(s.databases) == list && s.databases.exists(d, type(d) == map && "tablegroups" in d && d.tablegroups == []))))'
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
