{{- define "ragapp.labels" -}}
app.kubernetes.io/name: ragapp
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "ragapp.name" -}}
{{ .root.Release.Name }}-{{ .component }}
{{- end }}

{{- define "ragapp.image" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "ragapp.pod" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* NAME_FILE of each key of a secret; call with (dict "secret" … "folder" …). */}}
{{- define "ragapp.secretFiles" -}}
{{- range .secret.keys }}
- name: {{ . }}_FILE
  value: /etc/ragapp/{{ $.folder }}/{{ . }}
{{- end }}
{{- end }}

{{/* The environment of everything that loads all settings. */}}
{{- define "ragapp.environment" -}}
{{- include "ragapp.secretFiles" (dict "secret" .Values.secrets.application "folder" "application") }}
- name: PARSE_SLOTS
  value: {{ include "ragapp.slots" (dict "worker" .Values.workers.parse "each" .Values.workers.parse.concurrency) }}
- name: EMBED_SLOTS
  value: {{ include "ragapp.slots" (dict "worker" .Values.workers.embed "each" .Values.workers.embed.embedding) }}
{{- if .Values.models.enabled }}
- name: EMBEDDING_BASE_URL
  value: http://{{ .Release.Name }}-models:8010/v1
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "ragapp.slots" -}}
{{- $autoscaling := .worker.autoscaling -}}
{{- $replicas := ternary $autoscaling.maxReplicas .worker.replicas $autoscaling.enabled -}}
{{ mul $replicas .each | toString | quote }}
{{- end }}

{{- define "ragapp.mounts" -}}
- {name: temporary, mountPath: /tmp}
- {name: data, mountPath: /var/lib/ragapp}
- {name: application, mountPath: /etc/ragapp/application, readOnly: true}
{{- end }}

{{- define "ragapp.volumes" -}}
- name: temporary
  emptyDir: {}
- name: data
  {{- if .Values.files.claim }}
  persistentVolumeClaim: {claimName: {{ .Values.files.claim }}}
  {{- else }}
  emptyDir: {}
  {{- end }}
- name: application
  secret: {secretName: {{ .Values.secrets.application.name }}, defaultMode: 0440}
{{- end }}
