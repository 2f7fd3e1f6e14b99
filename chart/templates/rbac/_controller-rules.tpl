{{/*
What the controller may do in the namespaces that it works in. It writes by server-side apply (patch, and
create for what is new) and by merge patch, never by update; it gets only what it reads past its own copies.
*/}}
{{- define "multigres-operator.controllerRules" -}}
# What users write: annotations and finalizers of clusters are ours.
- apiGroups: [multigres.com]
  resources: [multigresclusters]
  verbs: [list, watch, patch]
- apiGroups: [multigres.com]
  resources: [coretemplates, celltemplates, shardtemplates]
  verbs: [list, watch]
- apiGroups: [multigres.com]
  resources: [cells, tablegroups, shards, toposervers]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [multigres.com]
  resources: [multigresclusters/status, cells/status, tablegroups/status, shards/status, toposervers/status]
  verbs: [patch]
# Owner references that block the deletion of the owner need this where the API server asks for it.
- apiGroups: [multigres.com]
  resources: [multigresclusters/finalizers, cells/finalizers, tablegroups/finalizers, shards/finalizers, toposervers/finalizers]
  verbs: [update]
# Secrets and ConfigMaps that a cluster names are read live, as are pods and claims before a decision about them.
- apiGroups: ['']
  resources: [pods, persistentvolumeclaims, secrets, configmaps]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: ['']
  resources: [services]
  verbs: [list, watch, create, patch, delete]
# A StatefulSet says only in Events why its pods are refused.
- apiGroups: ['']
  resources: [events]
  verbs: [list, create]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [list, watch, create, patch, delete]
# etcd goes with its TopoServer, by the garbage collector, and never otherwise.
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [list, watch, create, patch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [cert-manager.io]
  resources: [certificates]
  verbs: [list, watch, create, patch, delete]
{{- end -}}
