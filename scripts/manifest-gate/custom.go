package main

import (
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The custom kinds that the chart and k8s/ write and that come without a light Go module. Each struct holds the
// fields that are in use here, by the operator's documented API: a field that is not listed is refused, so a
// typing mistake is, too. To use a further field, add it here.

// Strimzi, kafka.strimzi.io/v1.

type strimziListener struct {
	Name           string                 `json:"name"`
	Port           int32                  `json:"port"`
	Type           string                 `json:"type"`
	TLS            bool                   `json:"tls"`
	Authentication *strimziAuthentication `json:"authentication,omitempty"`
}

type strimziAuthentication struct {
	Type string `json:"type"`
}

type strimziAuthorization struct {
	Type       string       `json:"type"`
	SuperUsers []string     `json:"superUsers,omitempty"`
	ACLs       []strimziACL `json:"acls,omitempty"`
}

type strimziACL struct {
	Resource   strimziResource `json:"resource"`
	Operations []string        `json:"operations"`
	Host       string          `json:"host,omitempty"`
	Type       string          `json:"type,omitempty"`
}

type strimziResource struct {
	Type        string `json:"type"`
	Name        string `json:"name,omitempty"`
	PatternType string `json:"patternType,omitempty"`
}

type strimziRack struct {
	TopologyKey string `json:"topologyKey"`
}

type strimziMetrics struct {
	Type string `json:"type"`
}

type strimziBroker struct {
	Version         string                `json:"version,omitempty"`
	MetadataVersion string                `json:"metadataVersion,omitempty"`
	Listeners       []strimziListener     `json:"listeners"`
	Authorization   *strimziAuthorization `json:"authorization,omitempty"`
	Config          map[string]any        `json:"config,omitempty"`
	Rack            *strimziRack          `json:"rack,omitempty"`
	MetricsConfig   *strimziMetrics       `json:"metricsConfig,omitempty"`
}

type strimziOperator struct{}

type strimziEntityOperator struct {
	TopicOperator *strimziOperator `json:"topicOperator,omitempty"`
	UserOperator  *strimziOperator `json:"userOperator,omitempty"`
}

type strimziKafka struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		Kafka          strimziBroker          `json:"kafka"`
		EntityOperator *strimziEntityOperator `json:"entityOperator,omitempty"`
	} `json:"spec"`
}

type strimziStorage struct {
	Type        string `json:"type"`
	Size        string `json:"size,omitempty"`
	Class       string `json:"class,omitempty"`
	DeleteClaim bool   `json:"deleteClaim,omitempty"`
}

type strimziResources struct {
	Requests map[string]string `json:"requests,omitempty"`
	Limits   map[string]string `json:"limits,omitempty"`
}

type strimziNodePool struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		Replicas  int32             `json:"replicas"`
		Roles     []string          `json:"roles"`
		Storage   strimziStorage    `json:"storage"`
		Resources *strimziResources `json:"resources,omitempty"`
	} `json:"spec"`
}

type strimziTopic struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		TopicName  string         `json:"topicName,omitempty"`
		Partitions int32          `json:"partitions"`
		Replicas   int32          `json:"replicas"`
		Config     map[string]any `json:"config,omitempty"`
	} `json:"spec"`
}

type strimziQuotas struct {
	ProducerByteRate int64 `json:"producerByteRate,omitempty"`
	ConsumerByteRate int64 `json:"consumerByteRate,omitempty"`
}

type strimziUser struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		Authentication strimziAuthentication `json:"authentication"`
		Authorization  strimziAuthorization  `json:"authorization"`
		Quotas         *strimziQuotas        `json:"quotas,omitempty"`
	} `json:"spec"`
}

// KEDA, keda.sh/v1alpha1.

type kedaTarget struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

type kedaAuthenticationRef struct {
	Name string `json:"name"`
	Kind string `json:"kind,omitempty"`
}

type kedaTrigger struct {
	Type              string                 `json:"type"`
	Name              string                 `json:"name,omitempty"`
	MetricType        string                 `json:"metricType,omitempty"`
	Metadata          map[string]string      `json:"metadata"`
	AuthenticationRef *kedaAuthenticationRef `json:"authenticationRef,omitempty"`
}

type kedaScalingPolicy struct {
	Type          string `json:"type"`
	Value         int32  `json:"value"`
	PeriodSeconds int32  `json:"periodSeconds"`
}

type kedaScalingRules struct {
	StabilizationWindowSeconds *int32              `json:"stabilizationWindowSeconds,omitempty"`
	SelectPolicy               string              `json:"selectPolicy,omitempty"`
	Policies                   []kedaScalingPolicy `json:"policies,omitempty"`
}

type kedaBehavior struct {
	ScaleUp   *kedaScalingRules `json:"scaleUp,omitempty"`
	ScaleDown *kedaScalingRules `json:"scaleDown,omitempty"`
}

type kedaHPAConfig struct {
	Name     string        `json:"name,omitempty"`
	Behavior *kedaBehavior `json:"behavior,omitempty"`
}

type kedaAdvanced struct {
	RestoreToOriginalReplicaCount bool           `json:"restoreToOriginalReplicaCount,omitempty"`
	HorizontalPodAutoscalerConfig *kedaHPAConfig `json:"horizontalPodAutoscalerConfig,omitempty"`
}

type kedaFallback struct {
	FailureThreshold int32 `json:"failureThreshold"`
	Replicas         int32 `json:"replicas"`
}

type kedaScaledObject struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		ScaleTargetRef  kedaTarget    `json:"scaleTargetRef"`
		PollingInterval *int32        `json:"pollingInterval,omitempty"`
		CooldownPeriod  *int32        `json:"cooldownPeriod,omitempty"`
		MinReplicaCount *int32        `json:"minReplicaCount,omitempty"`
		MaxReplicaCount *int32        `json:"maxReplicaCount,omitempty"`
		Fallback        *kedaFallback `json:"fallback,omitempty"`
		Advanced        *kedaAdvanced `json:"advanced,omitempty"`
		Triggers        []kedaTrigger `json:"triggers"`
	} `json:"spec"`
}

type kedaSecretRef struct {
	Parameter string `json:"parameter"`
	Name      string `json:"name"`
	Key       string `json:"key"`
}

type kedaTriggerAuthentication struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		SecretTargetRef []kedaSecretRef `json:"secretTargetRef,omitempty"`
	} `json:"spec"`
}

// The gate only reads; a copy of itself is all that the decoder asks for.
func (it *strimziKafka) DeepCopyObject() runtime.Object              { c := *it; return &c }
func (it *strimziNodePool) DeepCopyObject() runtime.Object           { c := *it; return &c }
func (it *strimziTopic) DeepCopyObject() runtime.Object              { c := *it; return &c }
func (it *strimziUser) DeepCopyObject() runtime.Object               { c := *it; return &c }
func (it *kedaScaledObject) DeepCopyObject() runtime.Object          { c := *it; return &c }
func (it *kedaTriggerAuthentication) DeepCopyObject() runtime.Object { c := *it; return &c }

func addCustomKinds(kinds *runtime.Scheme) {
	strimzi := schema.GroupVersion{Group: "kafka.strimzi.io", Version: "v1"}
	keda := schema.GroupVersion{Group: "keda.sh", Version: "v1alpha1"}
	for kind, object := range map[string]runtime.Object{
		"Kafka":         &strimziKafka{},
		"KafkaNodePool": &strimziNodePool{},
		"KafkaTopic":    &strimziTopic{},
		"KafkaUser":     &strimziUser{},
	} {
		kinds.AddKnownTypeWithName(strimzi.WithKind(kind), object)
	}
	kinds.AddKnownTypeWithName(keda.WithKind("ScaledObject"), &kedaScaledObject{})
	kinds.AddKnownTypeWithName(keda.WithKind("TriggerAuthentication"), &kedaTriggerAuthentication{})
}
