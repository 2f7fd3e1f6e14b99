{{- define "multigres-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "multigres-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "multigres-operator.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "multigres-operator.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "multigres-operator.webhook" -}}{{ include "multigres-operator.fullname" . }}-webhook{{- end -}}
{{- define "multigres-operator.controller" -}}{{ include "multigres-operator.fullname" . }}-controller{{- end -}}
{{- define "multigres-operator.sweep" -}}{{ include "multigres-operator.fullname" . }}-volume-sweep{{- end -}}
{{- define "multigres-operator.webhook.caSecret" -}}{{ include "multigres-operator.webhook" . }}-ca{{- end -}}

{{- define "multigres-operator.policies" -}}{{ include "multigres-operator.fullname" . }}-policies{{- end -}}

{{- define "multigres-operator.webhook.serviceAccount" -}}
{{- default (include "multigres-operator.webhook" .) .Values.serviceAccounts.webhook -}}
{{- end -}}

{{- define "multigres-operator.controller.serviceAccount" -}}
{{- default (include "multigres-operator.controller" .) .Values.serviceAccounts.controller -}}
{{- end -}}

{{- define "multigres-operator.sweep.serviceAccount" -}}
{{- default (include "multigres-operator.sweep" .) .Values.serviceAccounts.volumeSweep -}}
{{- end -}}

{{/* Labels of every object. Call with (dict "root" $ "component" "webhook"). */}}
{{- define "multigres-operator.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: multigres-operator
{{ include "multigres-operator.selector" . }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "multigres-operator.selector" -}}
app.kubernetes.io/name: {{ include "multigres-operator.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "multigres-operator.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{/* The heap of Node.js: 65 % of the memory limit, as the rest of the process takes about 60 MiB. */}}
{{- define "multigres-operator.nodeOptions" -}}
{{- $limit := dig "limits" "memory" "" . | toString -}}
{{- $mib := 0 -}}
{{- if regexMatch "^[0-9]+Mi$" $limit -}}
{{- $mib = trimSuffix "Mi" $limit | int -}}
{{- else if regexMatch "^[0-9]+Gi$" $limit -}}
{{- $mib = trimSuffix "Gi" $limit | int | mul 1024 -}}
{{- end -}}
{{- if $mib -}}--max-old-space-size={{ div (mul $mib 65) 100 }}{{- end -}}
{{- end -}}

{{/* What all our pods have in common. Call with (dict "root" $ "values" .Values.webhook). */}}
{{- define "multigres-operator.pod" -}}
automountServiceAccountToken: true
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* What all our containers have in common. The image's entrypoint is Node.js, its first argument a program. */}}
{{- define "multigres-operator.container" -}}
image: {{ include "multigres-operator.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/*
Often asked, so that an installation waits seconds only, and patient: on a node without a free CPU an answer
takes seconds, and a webhook that is taken for not ready refuses every change. Pods that end are left out of
Services at once, without a probe.
*/}}
{{- define "multigres-operator.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: {{ . }} }
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /readyz, port: {{ . }} }
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 3
livenessProbe:
  httpGet: { path: /healthz, port: {{ . }} }
  periodSeconds: 20
  timeoutSeconds: 10
{{- end -}}

{{/* Settings that both programs read. Call with (dict "root" $ "values" .Values.webhook). */}}
{{- define "multigres-operator.env" -}}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef: { fieldPath: metadata.namespace }
{{- with include "multigres-operator.nodeOptions" .values.resources }}
- name: NODE_OPTIONS
  value: {{ . }}
{{- end }}
- name: LOG_LEVEL
  value: {{ .values.logLevel }}
- name: ZONE_LABELS
  value: {{ join "," .root.Values.zoneLabels | quote }}
{{- end -}}

{{/* Conditions under which requests are sent to the webhook at all. */}}
{{- define "multigres-operator.matchConditions" -}}
{{- $users := list (printf "system:serviceaccount:%s:%s" .Release.Namespace (include "multigres-operator.controller.serviceAccount" .)) -}}
{{- $users = concat $users .Values.webhook.trustedUsers -}}
{{- $users = concat $users (list "system:serviceaccount:kube-system:generic-garbage-collector" "system:serviceaccount:kube-system:namespace-controller") -}}
{{- $quoted := list -}}
{{- range $users }}{{- $quoted = append $quoted (toRawJson .) }}{{- end -}}
{{- $ownedCluster := `request.userInfo.username == "system:serviceaccount:kube-system:generic-garbage-collector" && request.operation == "DELETE" && request.resource.resource == "multigresclusters"` }}
- name: not-the-operator-or-cleanup
  expression: {{ printf "!(request.userInfo.username in [%s]) || (%s)" ($quoted | join ", ") $ownedCluster | squote }}
- name: not-being-deleted
  expression: 'oldObject == null || !has(oldObject.metadata.deletionTimestamp)'
{{- end -}}

{{/* Everything of a webhook but its name, path and rules. */}}
{{- define "multigres-operator.webhookCommon" -}}
admissionReviewVersions: [v1]
failurePolicy: Fail
matchPolicy: Equivalent
timeoutSeconds: 10
{{- with (include "multigres-operator.namespaceSelector" .) }}
namespaceSelector:
  {{- . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "multigres-operator.namespaceSelector" -}}
{{- if .Values.webhook.namespaceSelector -}}
{{- toYaml .Values.webhook.namespaceSelector -}}
{{- else if .Values.controller.watchNamespaces -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: In
    values: {{ toJson .Values.controller.watchNamespaces }}
{{- end -}}
{{- end -}}
