{{/* Labels of every object: dict "root" $ "component" NAME */}}
{{- define "dnsfleet.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{ include "dnsfleet.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{/* Labels that pods are selected by; they must never change. */}}
{{- define "dnsfleet.selector" -}}
app.kubernetes.io/name: dnsfleet
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "dnsfleet.image.operator" -}}
{{ .Values.image.operator.repository }}:{{ .Values.image.operator.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "dnsfleet.image.edge" -}}
{{ .Values.image.edge.repository }}:{{ .Values.image.edge.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Who the pods of a component are to the API server: dict "root" $ "component" NAME "values" VALUES */}}
{{- define "dnsfleet.serviceAccount" -}}
{{- $name := printf "%s-%s" .root.Release.Name .component }}
{{- .values.serviceAccount.name | default (ternary $name "default" .values.serviceAccount.create) }}
{{- end }}

{{/* The Secret with the signing key and the passwords. */}}
{{- define "dnsfleet.keysSecret" -}}
{{- if .Values.core.external.host -}}
{{ .Values.core.external.secretName }}
{{- else -}}
{{ .Values.keys.existingSecret | default (printf "%s-keys" .Release.Name) }}
{{- end -}}
{{- end }}

{{/* In a Pop's cluster that is the end of the tunnel there. */}}
{{- define "dnsfleet.coreHost" -}}
{{- $component := ternary "tunnel" "core" (eq .Values.role "pop") -}}
{{ .Values.core.external.host | default (printf "%s-%s.%s.svc" .Release.Name $component .Release.Namespace) }}
{{- end }}

{{/* The Secret with the certificate that the core shows to other clusters. */}}
{{- define "dnsfleet.coreTlsSecret" -}}
{{ .Values.core.expose.secretName | default (printf "%s-core-tls" .Release.Name) }}
{{- end }}

{{/* The bundled core listens on the port that is Redis' own. */}}
{{- define "dnsfleet.corePort" -}}
{{ ternary .Values.core.external.port 6379 (ne .Values.core.external.host "") }}
{{- end }}

{{/* Pod and container fields that the Pod Security level "restricted" asks for. */}}
{{- define "dnsfleet.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "dnsfleet.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Where pods run: the values of a component. */}}
{{- define "dnsfleet.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
