{{/* StatefulSet or Deployment of a component. */}}
{{- define "ipsmgw.workload" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $own := get .root.Values .component -}}
{{- $name := include "ipsmgw.name" . -}}
apiVersion: apps/v1
kind: {{ $about.kind }}
metadata:
  name: {{ $name }}
  labels: {{- include "ipsmgw.labels" . | nindent 4 }}
spec:
  {{- if eq (include "ipsmgw.scaler" .) "none" }}
  replicas: {{ $own.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  minReadySeconds: {{ $own.minReadySeconds }}
  {{- if eq $about.kind "StatefulSet" }}
  serviceName: {{ $name }}-pods
  podManagementPolicy: Parallel
  updateStrategy: {type: RollingUpdate}
  {{- else }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  {{- end }}
  selector:
    matchLabels: {{- include "ipsmgw.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "ipsmgw.labels" . | nindent 8 }}
        {{- with $own.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- $annotations := include "ipsmgw.podAnnotations" . }}
      {{- if $annotations }}
      annotations: {{- $annotations | nindent 8 }}
      {{- end }}
    spec:
      {{- include "ipsmgw.pod" . | nindent 6 }}
{{- end -}}

{{- define "ipsmgw.podAnnotations" -}}
{{- $own := get .root.Values .component -}}
{{- with $own.podAnnotations }}{{ toYaml . }}
{{ end -}}
{{- with $own.networks -}}
k8s.v1.cni.cncf.io/networks: {{ join "," . | quote }}
{{ end -}}
{{- with .root.Values.secretChecksum -}}
checksum/secret: {{ . | quote }}
{{ end -}}
{{- end -}}

{{- define "ipsmgw.pod" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $values := .root.Values -}}
{{- $own := get $values .component -}}
serviceAccountName: {{ include "ipsmgw.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $own.terminationGracePeriodSeconds }}
{{- with $values.image.pullSecrets }}
imagePullSecrets: {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- if $values.hostUsers }}
hostUsers: false
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with $own.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
affinity:
  {{- if $own.affinity }}
  {{- toYaml $own.affinity | nindent 2 }}
  {{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{- include "ipsmgw.selector" . | nindent 14 }}
  {{- end }}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: {{ $values.topologySpread.whenUnsatisfiable }}
    # A zone or node that is away takes no pods, so it must not count: else what was there finds no place elsewhere.
    nodeTaintsPolicy: Honor
    labelSelector:
      matchLabels: {{- include "ipsmgw.selector" $ | nindent 8 }}
    {{- if eq $about.kind "Deployment" }}
    matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- end }}
containers:
  - name: {{ $about.name }}
    image: {{ include "ipsmgw.image" . }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: [--config, /etc/ipsmgw/config/config.yaml]
    env: {{- include "ipsmgw.environment" . | nindent 6 }}
    ports: {{- include "ipsmgw.ports" . | nindent 6 }}
    {{- include "ipsmgw.probes" . | nindent 4 }}
    resources: {{- toYaml $own.resources | nindent 6 }}
    securityContext:
      runAsNonRoot: true
      runAsUser: 65532
      runAsGroup: 65532
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
      seccompProfile: {type: RuntimeDefault}
    volumeMounts: {{- include "ipsmgw.mounts" . | nindent 6 }}
volumes: {{- include "ipsmgw.volumes" . | nindent 2 }}
{{- end -}}

{{/*
Starting is what takes long (joining the group, connecting peers). Alive is only the event loop. Ready is everything
a message needs, and false while the process drains.
*/}}
{{- define "ipsmgw.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: http}
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: {path: /livez, port: http}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
lifecycle:
  preStop:
    sleep: {seconds: {{ .root.Values.preStopSeconds }}}
{{- end -}}

{{- define "ipsmgw.environment" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $values := .root.Values -}}
{{- $own := get $values .component -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- if hasKey $about.sections "diameter" }}
- name: IPSMGW_DIAMETER_ORIGIN_HOST
  value: {{ printf "$(POD_NAME).%s" $values.config.diameter.originRealm }}
{{- end }}
- name: LOG_LEVEL
  value: {{ $values.logLevel }}
- name: NODE_OPTIONS
  value: {{ printf "--max-old-space-size=%d%s" (int $own.heapMegabytes) (ternary " --import=/app/libs/telemetry/src/preload.ts" "" (ne $values.tracing.endpoint "")) }}
{{- if $values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ $values.tracing.endpoint }}
- name: OTEL_SERVICE_NAME
  value: {{ $about.name }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ $values.tracing.ratio | quote }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: service.namespace=ipsmgw,service.version={{ .root.Chart.AppVersion }},k8s.namespace.name={{ .root.Release.Namespace }},k8s.pod.name=$(POD_NAME)
{{- end }}
{{- with $own.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ipsmgw.ports" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
- {name: http, containerPort: {{ $about.http }}, protocol: TCP}
{{- range include "ipsmgw.ownPorts" . | fromJsonArray }}
- {name: {{ .name }}, containerPort: {{ .port }}, protocol: {{ .protocol }}}
{{- end }}
{{- end -}}

{{- define "ipsmgw.mounts" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $kafka := .root.Values.kafka -}}
- {name: config, mountPath: /etc/ipsmgw/config, readOnly: true}
{{- if $about.keys }}
- {name: keys, mountPath: /etc/ipsmgw/keys, readOnly: true}
{{- end }}
{{- if $about.policy }}
- {name: policy, mountPath: /etc/ipsmgw/policy, readOnly: true}
{{- end }}
{{- if and $about.kafka $kafka.tls.enabled $kafka.tls.caSecret }}
- {name: kafka-ca, mountPath: /etc/ipsmgw/kafka-ca, readOnly: true}
{{- end }}
{{- if and $about.kafka (ne $kafka.authentication "none") }}
- {name: kafka-user, mountPath: /etc/ipsmgw/kafka-user, readOnly: true}
{{- end }}
{{- if and $about.kafka $kafka.payloadKeys.existingSecret }}
- {name: payload-keys, mountPath: /etc/ipsmgw/payload-keys, readOnly: true}
{{- end }}
{{- range include "ipsmgw.tlsSides" . | fromJsonArray }}
- {name: {{ . }}-tls, mountPath: /etc/ipsmgw/{{ . }}-tls, readOnly: true}
{{- end }}
{{- with (get .root.Values .component).extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ipsmgw.volumes" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $values := .root.Values -}}
- name: config
  configMap: {name: {{ include "ipsmgw.configName" . }}}
{{- if $about.keys }}
- name: keys
  secret:
    secretName: {{ required "keys.existingSecret must name the Secret with the key that hides numbers: kubectl create secret generic ipsmgw-keys --from-literal=hash-key=$(openssl rand -hex 32)" $values.keys.existingSecret }}
    items: [{key: {{ $values.keys.key }}, path: hash-key}]
{{- end }}
{{- if $about.policy }}
- name: policy
  configMap: {name: {{ include "ipsmgw.policyName" .root }}}
{{- end }}
{{- if and $about.kafka $values.kafka.tls.enabled $values.kafka.tls.caSecret }}
- name: kafka-ca
  secret:
    secretName: {{ $values.kafka.tls.caSecret }}
    items: [{key: {{ $values.kafka.tls.caKey }}, path: ca.crt}]
{{- end }}
{{- if and $about.kafka (ne $values.kafka.authentication "none") }}
- name: kafka-user
  secret: {secretName: {{ include "ipsmgw.kafkaUser" . }}}
{{- end }}
{{- if and $about.kafka $values.kafka.payloadKeys.existingSecret }}
- name: payload-keys
  secret: {secretName: {{ $values.kafka.payloadKeys.existingSecret }}}
{{- end }}
{{- range include "ipsmgw.tlsSides" . | fromJsonArray }}
{{- $secret := get $values.tls . }}
- name: {{ . }}-tls
  secret:
    secretName: {{ $secret.existingSecret }}
    items:
      - {key: {{ $secret.certificateKey }}, path: tls.crt}
      - {key: {{ $secret.keyKey }}, path: tls.key}
      - {key: {{ $secret.authoritiesKey }}, path: ca.crt}
{{- end }}
{{- with (get $values .component).extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
