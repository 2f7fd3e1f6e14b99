{{- define "mg.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "mg.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "mg.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "mg.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "mg.webhook" -}}{{ include "mg.fullname" . }}-webhook{{- end -}}
{{- define "mg.controller" -}}{{ include "mg.fullname" . }}-controller{{- end -}}
{{- define "mg.webhook.caSecret" -}}{{ include "mg.webhook" . }}-ca{{- end -}}

{{- define "mg.webhook.serviceAccount" -}}
{{- default (include "mg.webhook" .) .Values.serviceAccounts.webhook -}}
{{- end -}}

{{- define "mg.controller.serviceAccount" -}}
{{- default (include "mg.controller" .) .Values.serviceAccounts.controller -}}
{{- end -}}

{{/* Labels of every object. Call with (dict "root" $ "component" "webhook"). */}}
{{- define "mg.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: multigres-operator
{{ include "mg.selector" . }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "mg.selector" -}}
app.kubernetes.io/name: {{ include "mg.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "mg.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{- define "mg.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "mg.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Placement of pods. Call with the values of the component. */}}
{{- define "mg.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* Conditions under which requests are sent to the webhook at all. */}}
{{- define "mg.matchConditions" -}}
{{- $users := list (printf "system:serviceaccount:%s:%s" .Release.Namespace (include "mg.controller.serviceAccount" .)) -}}
{{- $users = concat $users .Values.webhook.trustedUsers -}}
{{- $users = concat $users (list "system:serviceaccount:kube-system:generic-garbage-collector" "system:serviceaccount:kube-system:namespace-controller") -}}
{{- $quoted := list -}}
{{- range $users }}{{- $quoted = append $quoted (. | quote) }}{{- end -}}
- name: not-the-operator-or-cleanup
  expression: {{ printf "!(request.userInfo.username in [%s])" ($quoted | join ", ") | squote }}
- name: not-being-deleted
  expression: 'oldObject == null || !has(oldObject.metadata.deletionTimestamp)'
{{- end -}}

{{/* Everything of a webhook but its name, path and rules. */}}
{{- define "mg.webhookCommon" -}}
admissionReviewVersions: [v1]
failurePolicy: Fail
matchPolicy: Equivalent
sideEffects: None
timeoutSeconds: 10
matchConditions:
  {{- include "mg.matchConditions" . | nindent 2 }}
{{- with (include "mg.namespaceSelector" .) }}
namespaceSelector:
  {{- . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "mg.namespaceSelector" -}}
{{- if .Values.webhook.namespaceSelector -}}
{{- toYaml .Values.webhook.namespaceSelector -}}
{{- else if .Values.controller.watchNamespaces -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: In
    values: {{ toJson .Values.controller.watchNamespaces }}
{{- end -}}
{{- end -}}
