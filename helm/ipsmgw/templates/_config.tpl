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
{{- if $values.tls.sip.existingSecret -}}
{{- if or $settings.sip.tls $settings.sip.listeners -}}
{{- fail "tls.sip.existingSecret makes config.sip.tls and config.sip.listeners: leave both out" -}}
{{- end -}}
{{- $listeners := list (dict "transport" "tls" "host" $values.http.host "port" $values.tls.sip.port) -}}
{{- if not $values.tls.sip.only -}}
{{- range list "tcp" "udp" }}{{ $listeners = prepend $listeners (dict "transport" . "host" $values.http.host "port" 5060) }}{{ end -}}
{{- end -}}
{{- $_ := set $settings.sip "listeners" $listeners -}}
{{- $_ := set $settings.sip "tls" (include "ipsmgw.tlsFiles" "sip" | fromJson) -}}
{{- else if $values.tls.sip.only -}}
{{- fail "tls.sip.only needs tls.sip.existingSecret, the Secret with the certificate" -}}
{{- end -}}
{{- if $values.lab.enabled -}}
{{- $lab := dict "name" "lab" "addresses" $values.lab.senders -}}
{{- $_ := set $settings.sip "peers" (append ($settings.sip.peers | default list) $lab) -}}
{{- end -}}
{{- end -}}
{{- if hasKey $settings "diameter" -}}
{{- $peers := list -}}
{{- range $settings.diameter.peers | default list -}}
{{- if and (eq (.transport | default "") "tls") (not .tls) -}}
{{- if not $values.tls.diameter.existingSecret -}}
{{- fail (printf "config.diameter.peers: %s wants TLS: name the Secret in tls.diameter.existingSecret" .identity) -}}
{{- end -}}
{{- $peers = append $peers (set (deepCopy .) "tls" (include "ipsmgw.tlsFiles" "diameter" | fromJson)) -}}
{{- else }}{{ $peers = append $peers . }}{{ end -}}
{{- end -}}
{{- if $peers }}{{ $_ := set $settings.diameter "peers" $peers }}{{ end -}}
{{- end -}}
{{- if and (eq .component "smDelivery") $values.lab.enabled (not $settings.sigtran) -}}
{{- $sigtran := .root.Files.Get "files/lab-sigtran.json" | fromJson -}}
{{- $host := include "ipsmgw.name" (dict "root" .root "component" "lab") -}}
{{- $_ := set $sigtran "links" (list (mergeOverwrite (index $sigtran.links 0) (dict "hosts" (list $host)))) -}}
{{- $_ := set $settings "sigtran" $sigtran -}}
{{- end -}}
{{- if and (hasKey $settings "diameter") $values.lab.enabled -}}
{{- $host := include "ipsmgw.name" (dict "root" .root "component" "lab") -}}
{{- $peers := $settings.diameter.peers | default list -}}
{{- range .root.Files.Get "files/lab-peers.json" | fromJsonArray -}}
{{- $peers = append $peers (mergeOverwrite (deepCopy .) (dict "host" $host)) -}}
{{- end -}}
{{- $_ := set $settings.diameter "peers" $peers -}}
{{- end -}}
{{- if eq .component "lab" }}{{ $_ := set $settings "lab" (dict "host" $values.http.host "defaultNode" "msc" "mmeSubscribers" (list (trimPrefix "+" $values.tests.mmeRecipient))) }}{{ end -}}
{{- $settings | toYaml -}}
{{- end -}}

{{/* Where the Secret of one signalling side is mounted, as settings name it. */}}
{{- define "ipsmgw.tlsFiles" -}}
{{- $folder := printf "/etc/ipsmgw/%s-tls" . -}}
{{- dict "certificateFile" (printf "%s/tls.crt" $folder) "keyFile" (printf "%s/tls.key" $folder) "authoritiesFile" (printf "%s/ca.crt" $folder) | toJson -}}
{{- end -}}

{{/* The signalling sides of a component that have a certificate: sip, diameter. */}}
{{- define "ipsmgw.tlsSides" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $tls := .root.Values.tls -}}
{{- $sides := list -}}
{{- if and (eq .component "sipIngress") $tls.sip.existingSecret }}{{ $sides = append $sides "sip" }}{{ end -}}
{{- if and (hasKey $about.sections "diameter") $tls.diameter.existingSecret }}{{ $sides = append $sides "diameter" }}{{ end -}}
{{- $sides | toJson -}}
{{- end -}}

{{/* Ports that a component listens on besides its HTTP side. */}}
{{- define "ipsmgw.ownPorts" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $sip := .root.Values.tls.sip -}}
{{- $ports := $about.ports -}}
{{- if and (eq .component "sipIngress") $sip.existingSecret -}}
{{- $secure := dict "name" "sip-tls" "port" $sip.port "protocol" "TCP" -}}
{{- $ports = ternary (list $secure) (append $ports $secure) $sip.only -}}
{{- end -}}
{{- $ports | toJson -}}
{{- end -}}

{{/* Ports of Diameter peers, by their transports. */}}
{{- define "ipsmgw.peerPorts" -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- $ports := list (dict "port" (int $policy.diameterPort) "protocol" "TCP") -}}
{{- if $policy.sctp }}{{ $ports = append $ports (dict "port" (int $policy.diameterPort) "protocol" "SCTP") }}{{ end -}}
{{- range .root.Values.config.diameter.peers | default list -}}
{{- $protocol := ternary "SCTP" "TCP" (eq (.transport | default "") "sctp") -}}
{{- $ports = append $ports (dict "port" (int (.port | default 3868)) "protocol" $protocol) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
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
