{{- /*
The pods of gates, who may reach them, and how many go at a time: of those that transfer, and of those
that take updates. Arguments: root, component, of (values), config (gate.json), image, and account where
they have a token.
*/}}
{{- define "dnsfleet.gateWorkload" -}}
{{- $root := .root }}
{{- $labels := dict "root" .root "component" .component }}
{{- $name := printf "%s-%s" $root.Release.Name .component }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace | quote }}
  labels: {{- include "dnsfleet.labels" $labels | nindent 4 }}
spec:
  replicas: {{ .of.replicas }}
  selector:
    matchLabels: {{- include "dnsfleet.selector" $labels | nindent 6 }}
  strategy:
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  template:
    # A changed configuration restarts both processes.
    {{- $read := printf "%s%s" .config (include "dnsfleet.gateReplicaConfig" $root) }}
    {{- $config := dict "dnsfleet.io/config" (sha256sum $read) }}
    metadata: {{- include "dnsfleet.podMetadata" (dict "root" $root "component" .component "own" $config) | nindent 6 }}
    spec:
      {{- with .account }}
      serviceAccountName: {{ . | quote }}
      {{- else }}
      automountServiceAccountToken: false
      {{- end }}
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      enableServiceLinks: false
      # The sleep and the drain_seconds of the gate, and some for the rest of its stop.
      terminationGracePeriodSeconds: 35
      securityContext: {{- include "dnsfleet.podSecurity" $root | nindent 8 }}
      {{- with include "dnsfleet.scheduling" (dict "root" $root "of" .of) | trim }}
      {{- . | nindent 6 }}
      {{- end }}
      # As for the operator.
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "dnsfleet.selector" $labels | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm:
                topologyKey: topology.kubernetes.io/zone
                labelSelector:
                  matchLabels: {{- include "dnsfleet.selector" $labels | nindent 20 }}
                matchLabelKeys: [pod-template-hash]
      containers:
        - name: gate
          image: {{ .image }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: [dnsfleet-gate, /etc/dnsfleet/gate.json]
          env:
            - name: DNSFLEET_REPLICA_PASSWORD
              valueFrom: {secretKeyRef: {name: {{ include "dnsfleet.keysSecret" $root | quote }}, key: edge}}
            - {name: DNSFLEET_LOG_LEVEL, value: {{ $root.Values.logLevels.gate }}}
            {{- if .account }}
            - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
            - {name: NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
            {{- end }}
          ports:
            - {name: dns-udp, containerPort: 5353, protocol: UDP}
            - {name: dns-tcp, containerPort: 5353, protocol: TCP}
            - {name: http, containerPort: 8080, protocol: TCP}
          {{- if not .account }}
          # Nodes hear a moment later that its Service leads elsewhere. A connection that they still send
          # here, to an address that is gone, would hang until its client gives up.
          lifecycle: {preStop: {sleep: {seconds: 5}}}
          {{- end }}
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 2
            timeoutSeconds: 2
          startupProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 1
            timeoutSeconds: 2
            failureThreshold: 180
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
          resources: {{- toYaml .of.resources | nindent 12 }}
          securityContext: {{- include "dnsfleet.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            - {name: config, mountPath: /etc/dnsfleet, readOnly: true}
            - {name: public-key, mountPath: /etc/dnsfleet-publisher, readOnly: true}
            - {name: tsig-keys, mountPath: /etc/dnsfleet-tsig, readOnly: true}
        # The gate is its only client, over the loopback of the pod, so no probe reaches it. Whether it
        # copies the core is in the metrics of the gate.
        - name: replica
          image: {{ include "dnsfleet.image.edge" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: [dnsfleet-redis, /etc/dnsfleet/replica.conf]
          args: [--primary-password-file, /etc/dnsfleet-keys/replica]
          resources: {{- toYaml .of.redis.resources | nindent 12 }}
          securityContext: {{- include "dnsfleet.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            - {name: config, mountPath: /etc/dnsfleet, readOnly: true}
            - {name: keys, mountPath: /etc/dnsfleet-keys, readOnly: true}
            - {name: data, mountPath: /data}
      # The pod waits here until the operator has made both Secrets.
      volumes:
        - name: config
          configMap: {name: {{ $name }}}
        - name: public-key
          secret:
            secretName: {{ include "dnsfleet.keysSecret" $root | quote }}
            defaultMode: 0440
            items: [{key: publisher.pub, path: publisher.pub}]
        - name: keys
          secret:
            secretName: {{ include "dnsfleet.keysSecret" $root | quote }}
            defaultMode: 0440
            items: [{key: replica, path: replica}, {key: replica.acl, path: replica.acl}]
        - name: tsig-keys
          secret:
            secretName: {{ $root.Release.Name }}-tsig-keys
            defaultMode: 0440
            items: [{key: tsig-keys.json, path: tsig-keys.json}]
        - name: data
          emptyDir: {}
{{- if gt (int .of.replicas) 1 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace | quote }}
  labels: {{- include "dnsfleet.labels" $labels | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "dnsfleet.selector" $labels | nindent 6 }}
{{- end }}
---
# Who has a key may come from anywhere; its metrics are for every pod that scrapes.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace | quote }}
  labels: {{- include "dnsfleet.labels" $labels | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "dnsfleet.selector" $labels | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    - ports:
        - {port: dns-udp, protocol: UDP}
        - {port: dns-tcp, protocol: TCP}
        - {port: http, protocol: TCP}
{{- end }}

{{- define "dnsfleet.gateConfigMap" -}}
{{- $labels := dict "root" .root "component" .component }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ printf "%s-%s" .root.Release.Name .component }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels: {{- include "dnsfleet.labels" $labels | nindent 4 }}
data:
  gate.json: {{- .config | toYaml | indent 1 }}
  replica.conf: {{- include "dnsfleet.gateReplicaConfig" .root | toYaml | indent 1 }}
{{- end }}

{{- /* All of a Service of gates but its selector: root, component, service (values). */}}
{{- define "dnsfleet.gateService" -}}
{{- $labels := dict "root" .root "component" .component }}
apiVersion: v1
kind: Service
metadata:
  name: {{ printf "%s-%s" .root.Release.Name .component }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels: {{- include "dnsfleet.labels" $labels | nindent 4 }}
  {{- with .service.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .service.type }}
  {{- if ne .service.type "ClusterIP" }}
  externalTrafficPolicy: {{ .service.externalTrafficPolicy }}
  {{- end }}
  {{- if eq .service.type "LoadBalancer" }}
  {{- with .service.loadBalancerClass }}
  loadBalancerClass: {{ . | quote }}
  {{- end }}
  {{- with .service.sourceRanges }}
  loadBalancerSourceRanges: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  ports:
    - {name: dns-udp, port: 53, targetPort: dns-udp, protocol: UDP}
    - {name: dns-tcp, port: 53, targetPort: dns-tcp, protocol: TCP}
{{- end }}

{{- /* For the gates with this name of Lease and Service; without `updates` they only transfer. */}}
{{- define "dnsfleet.gateConfig" -}}
{
 "listen": [["*", 5353]],
 "http": ["*", 8080],
 "replica_url": "redis://edge@127.0.0.1:6379/0",
 "public_key": "/etc/dnsfleet-publisher/publisher.pub",
 "tsig_keys": "/etc/dnsfleet-tsig/tsig-keys.json",
 "drain_seconds": 20
 {{- with .updates }},
 "updates": {"namespace": "{{ $.root.Release.Namespace }}", "name": "{{ . }}"}
 {{- else }},
 "notify": ["{{ $.root.Release.Name }}-operator-notify.{{ $.root.Release.Namespace }}.svc", {{ include "dnsfleet.notifyPort" $.root }}]
 {{- end }}
}
{{ end }}

{{- define "dnsfleet.notifyPort" -}}8053{{- end }}

{{- define "dnsfleet.gateReplicaConfig" -}}
bind 127.0.0.1
port 6379
daemonize no
dir /data
save ""
appendonly no
aclfile /etc/dnsfleet-keys/replica.acl
replicaof {{ include "dnsfleet.coreHost" . }} {{ include "dnsfleet.corePort" . }}
primaryuser replica
log-format logfmt
log-timestamp-format iso8601
repl-timeout 3
replica-serve-stale-data yes
repl-diskless-load swapdb
loading-process-events-interval-bytes 65536
{{ end }}
