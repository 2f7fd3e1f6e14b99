{{- /* Made from the list of policies by npm run generate. Do not edit. */ -}}
{{- define "multigres-operator.validatingRules" -}}
- apiGroups: [multigres.com]
  apiVersions: [v1alpha1]
  operations: [CREATE, UPDATE, DELETE]
  resources: [multigresclusters, cells, tablegroups, shards, toposervers, coretemplates, celltemplates, shardtemplates]
  scope: Namespaced
{{- end -}}
