{{/* Settings of a component as its process reads them: its sections of `config`, its own ones on top. */}}
{{- define "ipsmgw.settings" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $values := .root.Values -}}
{{- $own := (get $values .component).config | default dict -}}
{{- $settings := dict "http" (dict "host" $values.http.host "port" $about.http) -}}
{{- range $section, $keys := $about.sections -}}
{{- $merged := mergeOverwrite (deepCopy (get $values.config $section | default dict)) (deepCopy (get $own $section | default dict)) -}}
{{- $known := dict -}}
{{- range $keys }}{{ if hasKey $merged . }}{{ $_ := set $known . (get $merged .) }}{{ end }}{{ end -}}
{{- if $known }}{{ $_ := set $settings $section $known }}{{ end -}}
{{- end -}}
{{- if $about.kafka }}{{ $_ := set $settings "kafka" (include "ipsmgw.kafka" . | fromJson) }}{{ end -}}
{{- if $about.keys }}{{ $_ := set $settings "keys" (dict "hashFile" "/etc/ipsmgw/keys/hash-key") }}{{ end -}}
{{- if $about.policy }}{{ $_ := set $settings "policy" (dict "file" "/etc/ipsmgw/policy/policy.yaml") }}{{ end -}}
{{- if and (hasKey $settings "sip") (eq .component "sipIngress") -}}
{{- $_ := set $settings.sip "host" $values.http.host -}}
{{- $_ := set $settings.sip "port" 5060 -}}
{{- if $values.lab.enabled -}}
{{- $lab := dict "name" "lab" "addresses" $values.lab.senders -}}
{{- $_ := set $settings.sip "peers" (append ($settings.sip.peers | default list) $lab) -}}
{{- end -}}
{{- end -}}
{{- if and (hasKey $settings "diameter") $values.lab.enabled -}}
{{- $host := include "ipsmgw.name" (dict "root" .root "component" "lab") -}}
{{- $peers := $settings.diameter.peers | default list -}}
{{- range .root.Files.Get "files/lab-peers.json" | fromJsonArray -}}
{{- $peers = append $peers (mergeOverwrite (deepCopy .) (dict "host" $host)) -}}
{{- end -}}
{{- $_ := set $settings.diameter "peers" $peers -}}
{{- end -}}
{{- if eq .component "lab" }}{{ $_ := set $settings "lab" (dict "host" $values.http.host "defaultNode" "mme") }}{{ end -}}
{{- $settings | toYaml -}}
{{- end -}}

{{- define "ipsmgw.kafka" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $settings := pick $kafka "brokers" "prefix" "partitions" "createTopics" "replicationFactor" "sessionTimeoutMs" -}}
{{- $_ := set $settings "tls" $kafka.tls.enabled -}}
{{- if and $kafka.tls.enabled $kafka.tls.caSecret }}{{ $_ := set $settings "caFile" "/etc/ipsmgw/kafka-ca/ca.crt" }}{{ end -}}
{{- if $kafka.payloadKeys.existingSecret -}}
{{- $files := list -}}
{{- range $kafka.payloadKeys.keys }}{{ $files = append $files (printf "/etc/ipsmgw/payload-keys/%s" .) }}{{ end -}}
{{- $_ := set $settings "payloadKeyFiles" $files -}}
{{- end -}}
{{- if eq $kafka.authentication "tls" -}}
{{- $_ := set $settings "certificateFile" "/etc/ipsmgw/kafka-user/user.crt" -}}
{{- $_ := set $settings "keyFile" "/etc/ipsmgw/kafka-user/user.key" -}}
{{- else if ne $kafka.authentication "none" -}}
{{- $_ := set $settings "saslMechanism" $kafka.authentication -}}
{{- $_ := set $settings "saslUsername" (include "ipsmgw.kafkaUser" .) -}}
{{- $_ := set $settings "saslPasswordFile" "/etc/ipsmgw/kafka-user/password" -}}
{{- end -}}
{{- $settings | toJson -}}
{{- end -}}

{{/* Each component is a Kafka user of its own; its Secret has the same name. */}}
{{- define "ipsmgw.kafkaUser" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- .root.Values.kafka.userSecret | replace "{component}" $about.name -}}
{{- end -}}

{{/* The name holds the content's hash: the object never changes, a new one rolls the pods. */}}
{{- define "ipsmgw.configName" -}}
{{- printf "%s-%s" (include "ipsmgw.name" .) (include "ipsmgw.settings" . | sha256sum | trunc 10) -}}
{{- end -}}

{{- define "ipsmgw.config" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "ipsmgw.configName" . }}
  labels: {{- include "ipsmgw.labels" . | nindent 4 }}
immutable: true
data:
  config.yaml: |
    {{- include "ipsmgw.settings" . | nindent 4 }}
{{- end -}}

{{- define "ipsmgw.policyName" -}}
{{- .Values.policy.existingConfigMap | default (printf "%s-policy" (include "ipsmgw.fullname" .)) -}}
{{- end -}}
