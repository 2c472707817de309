{{- define "ipsmgw.account" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "ipsmgw.name" . }}
  labels: {{- include "ipsmgw.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- end -}}

{{/* Where the component is found: its HTTP side, and the pods' own names for a StatefulSet. */}}
{{- define "ipsmgw.service" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "ipsmgw.name" . }}
  labels: {{- include "ipsmgw.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  ipFamilyPolicy: {{ .root.Values.ipFamilyPolicy }}
  selector: {{- include "ipsmgw.selector" . | nindent 4 }}
  ports:
    - {name: http, port: {{ $about.http }}, targetPort: http, protocol: TCP}
    {{- if eq .component "lab" }}
    {{- range $about.ports }}
    - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }}, protocol: {{ .protocol }}}
    {{- end }}
    {{- end }}
{{- if eq $about.kind "StatefulSet" }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ include "ipsmgw.name" . }}-pods
  labels: {{- include "ipsmgw.labels" . | nindent 4 }}
spec:
  clusterIP: None
  ipFamilyPolicy: {{ .root.Values.ipFamilyPolicy }}
  selector: {{- include "ipsmgw.selector" . | nindent 4 }}
  ports:
    - {name: http, port: {{ $about.http }}, targetPort: http, protocol: TCP}
    {{- range include "ipsmgw.ownPorts" . | fromJsonArray }}
    - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }}, protocol: {{ .protocol }}}
    {{- end }}
{{- end }}
{{- end -}}

{{- define "ipsmgw.availability" -}}
{{- if (get .root.Values .component).podDisruptionBudget.enabled }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "ipsmgw.name" . }}
  labels: {{- include "ipsmgw.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "ipsmgw.selector" . | nindent 6 }}
{{- end }}
{{- end -}}

{{/* none, hpa or keda: who sets the number of replicas. */}}
{{- define "ipsmgw.scaler" -}}
{{- (get .root.Values .component).autoscaling.mode -}}
{{- end -}}

{{- define "ipsmgw.scaling" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $mode := include "ipsmgw.scaler" . -}}
{{- $scaling := (get .root.Values .component).autoscaling -}}
{{- $name := include "ipsmgw.name" . -}}
{{- if eq $mode "hpa" }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $name }}
  labels: {{- include "ipsmgw.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: {{ $about.kind }}, name: {{ $name }}}
  minReplicas: {{ $scaling.minReplicas }}
  maxReplicas: {{ $scaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ $scaling.cpuPercent }}}
  behavior: {{- include "ipsmgw.behavior" . | nindent 4 }}
{{- else if eq $mode "keda" }}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ $name }}
  labels: {{- include "ipsmgw.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: {{ $about.kind }}, name: {{ $name }}}
  minReplicaCount: {{ $scaling.minReplicas }}
  maxReplicaCount: {{ $scaling.maxReplicas }}
  pollingInterval: 5
  cooldownPeriod: 300
  fallback: {failureThreshold: 3, replicas: {{ $scaling.maxReplicas }}}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {{- include "ipsmgw.behavior" . | nindent 8 }}
  triggers: {{- include "ipsmgw.triggers" . | nindent 4 }}
{{- end }}
{{- end -}}

{{/* Out fast, in slowly: a replica that goes away is a rebalance, and the next burst is never far. */}}
{{- define "ipsmgw.behavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies: [{type: Percent, value: 100, periodSeconds: 15}]
scaleDown:
  stabilizationWindowSeconds: 300
  policies: [{type: Pods, value: 1, periodSeconds: 60}]
{{- end -}}

{{- define "ipsmgw.triggers" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $scaling := (get .root.Values .component).autoscaling -}}
{{- $keda := .root.Values.keda -}}
- type: cpu
  metricType: Utilization
  metadata: {value: {{ $scaling.cpuPercent | quote }}}
{{- if and $about.inFlight $keda.prometheusAddress }}
{{- $pods := printf "{namespace=\"%s\",pod=~\"%s-.+\"}" .root.Release.Namespace (include "ipsmgw.name" .) }}
# Little's law: replicas = in flight / (in flight of one replica * the share of it that should be in use).
- type: prometheus
  metricType: AverageValue
  metadata:
    serverAddress: {{ $keda.prometheusAddress | quote }}
    query: {{ printf "sum(%s%s)" $about.inFlight $pods | quote }}
    threshold: {{ mulf $scaling.inFlightPerReplica $scaling.inFlightUtilisation | int | quote }}
{{- end }}
{{- range $about.consumes }}
- type: kafka
  metadata:
    bootstrapServers: {{ join "," $.root.Values.kafka.brokers | quote }}
    consumerGroup: {{ printf "%s%s" $.root.Values.kafka.prefix $about.name | quote }}
    topic: {{ printf "%s%s" $.root.Values.kafka.prefix . | quote }}
    lagThreshold: {{ $scaling.lagThreshold | quote }}
    {{- if $.root.Values.kafka.tls.enabled }}
    tls: enable
    {{- end }}
  {{- if $keda.kafkaAuthentication }}
  authenticationRef: {name: {{ $keda.kafkaAuthentication }}}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Nothing in, nothing out, but what the component is for. */}}
{{- define "ipsmgw.network" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- $own := (get .root.Values .component).networkPolicy | default dict -}}
{{- if $policy.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "ipsmgw.name" . }}
  labels: {{- include "ipsmgw.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "ipsmgw.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports: [{port: http, protocol: TCP}]
      from:
        - podSelector: {matchLabels: {app.kubernetes.io/instance: {{ .root.Release.Name | quote }}}}
        {{- range $policy.monitoring }}
        - {{ toYaml . | nindent 10 | trim }}
        {{- end }}
    {{- with include "ipsmgw.ownPorts" . | fromJsonArray }}
    - ports:
        {{- range . }}
        - {port: {{ .name }}, protocol: {{ .protocol }}}
        {{- end }}
      from:
        - podSelector: {matchLabels: {app.kubernetes.io/instance: {{ $.root.Release.Name | quote }}}}
        {{- if eq $.component "sipIngress" }}
        {{- range $policy.sipPeers }}
        - ipBlock: {cidr: {{ . }}}
        {{- end }}
        {{- end }}
    {{- end }}
    {{- with $own.ingress }}{{ toYaml . | nindent 4 }}{{ end }}
  egress:
    - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
      to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]
    {{- if $about.kafka }}
    - ports:
        {{- range $policy.kafka.ports }}
        - {port: {{ . }}, protocol: TCP}
        {{- end }}
      to: {{- toYaml $policy.kafka.to | nindent 8 }}
    {{- end }}
    {{- if hasKey $about.sections "diameter" }}
    {{- if .root.Values.lab.enabled }}
    - to:
        - podSelector:
            matchLabels: {{- include "ipsmgw.selector" (dict "root" .root "component" "lab") | nindent 14 }}
    {{- end }}
    {{- with $policy.diameterPeers }}
    - ports:
        {{- range include "ipsmgw.peerPorts" $ | fromJsonArray }}
        - {port: {{ .port }}, protocol: {{ .protocol }}}
        {{- end }}
      to:
        {{- range . }}
        - ipBlock: {cidr: {{ . }}}
        {{- end }}
    {{- end }}
    {{- with $policy.sigtranPeers }}
    - ports: [{port: {{ $policy.sigtranPort }}, protocol: SCTP}]
      to:
        {{- range . }}
        - ipBlock: {cidr: {{ . }}}
        {{- end }}
    {{- end }}
    {{- end }}
    {{- if eq .component "sipIngress" }}
    {{- with $policy.sipPeers }}
    - to:
        {{- range . }}
        - ipBlock: {cidr: {{ . }}}
        {{- end }}
    {{- end }}
    {{- end }}
    {{- if .root.Values.tracing.endpoint }}
    - ports: [{port: {{ $policy.tracing.port }}, protocol: TCP}]
      to: {{- toYaml $policy.tracing.to | nindent 8 }}
    {{- end }}
    {{- with $own.egress }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end }}
{{- end -}}
