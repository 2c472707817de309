{{/* Name of the release's objects, short enough for the longest suffix. */}}
{{- define "ipsmgw.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What is known of a component: name, kind, ports and sections of its settings. Generated from the code. */}}
{{- define "ipsmgw.about" -}}
{{- $about := .root.Files.Get "files/components.json" | fromJson -}}
{{- get $about .component | toJson -}}
{{- end -}}

{{/* Name of a component's objects. */}}
{{- define "ipsmgw.name" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- printf "%s-%s" (include "ipsmgw.fullname" .root) $about.name -}}
{{- end -}}

{{/* Labels that never change over the life of a release: selectors are immutable. */}}
{{- define "ipsmgw.selector" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
app.kubernetes.io/name: ipsmgw
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ $about.name }}
{{- end -}}

{{- define "ipsmgw.labels" -}}
{{- include "ipsmgw.selector" . }}
{{ include "ipsmgw.commonLabels" .root }}
{{- end -}}

{{- define "ipsmgw.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: ipsmgw
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Image of a component: a digest wins over the tag. */}}
{{- define "ipsmgw.image" -}}
{{- $about := include "ipsmgw.about" . | fromJson -}}
{{- $image := .root.Values.image -}}
{{- $own := (get .root.Values .component).image -}}
{{- $name := printf "%s/%s" $image.repository $about.name -}}
{{- if $image.registry }}{{- $name = printf "%s/%s" $image.registry $name -}}{{- end -}}
{{- if $own.digest -}}
{{- printf "%s@%s" $name $own.digest -}}
{{- else -}}
{{- printf "%s:%s" $name ($own.tag | default $image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
