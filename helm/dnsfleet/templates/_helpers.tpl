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
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* The metadata of pods: as for their labels, and "own" for annotations of theirs. What is ours counts more than the values. */}}
{{- define "dnsfleet.podMetadata" -}}
labels: {{- merge (include "dnsfleet.selector" . | fromYaml) (.root.Values.podLabels | default dict) | toYaml | nindent 2 }}
{{- with merge (dict) (.own | default dict) (.root.Values.podAnnotations | default dict) }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What nodes pull: dict "root" $ "image" VALUES. A digest says which octets, so it counts more than a tag. */}}
{{- define "dnsfleet.image" -}}
{{- with .root.Values.imageRegistry }}{{ . }}/{{ end -}}
{{ .image.repository }}
{{- with .image.digest }}@{{ . }}{{ else }}:{{ .image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "dnsfleet.image.operator" -}}
{{ include "dnsfleet.image" (dict "root" . "image" .Values.image.operator) }}
{{- end }}

{{- define "dnsfleet.image.edge" -}}
{{ include "dnsfleet.image" (dict "root" . "image" .Values.image.edge) }}
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

{{/* Whether the platform says as whom pods run. */}}
{{- define "dnsfleet.openshift" -}}
{{- $asked := toString .Values.openshift -}}
{{- if or (eq $asked "true") (and (eq $asked "auto") (.Capabilities.APIVersions.Has "security.openshift.io/v1")) -}}
true
{{- end -}}
{{- end }}

{{/* Pod and container fields that the Pod Security level "restricted" asks for. */}}
{{- define "dnsfleet.podSecurity" -}}
runAsNonRoot: true
{{- if not (include "dnsfleet.openshift" .) }}
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "dnsfleet.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Where pods run, and before whom: dict "root" $ "of" (the values of a component). */}}
{{- define "dnsfleet.scheduling" -}}
{{- with .of.priorityClassName | default .root.Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .of.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .of.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
