package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	psapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type gate struct {
	decoder   runtime.Decoder
	evaluator policy.Evaluator
}

type result struct {
	documents    int
	podTemplates int
	problems     []string
}

func newGate() (*gate, error) {
	kinds := runtime.NewScheme()
	if err := scheme.AddToScheme(kinds); err != nil {
		return nil, err
	}
	if err := monitoring.AddToScheme(kinds); err != nil {
		return nil, err
	}
	addCustomKinds(kinds)
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, err
	}
	decoder := serializer.NewCodecFactory(kinds, serializer.EnableStrict).UniversalDeserializer()
	return &gate{decoder: decoder, evaluator: evaluator}, nil
}

// check goes through all documents; an error means that the text could not be cut into documents at all.
func (g *gate) check(text []byte) (result, error) {
	var all result
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		if isEmpty(document) {
			continue
		}
		all.documents++
		g.checkDocument(document, &all)
	}
}

func (g *gate) checkDocument(document []byte, all *result) {
	object, kind, err := g.decoder.Decode(document, nil, nil)
	if err != nil {
		all.problems = append(all.problems, fmt.Sprintf("%s: %s", describe(document), strings.TrimSpace(err.Error())))
		return
	}
	template := podTemplate(object)
	if template == nil {
		return
	}
	all.podTemplates++
	restricted := psapi.LevelVersion{Level: psapi.LevelRestricted, Version: psapi.LatestVersion()}
	for _, verdict := range g.evaluator.EvaluatePod(restricted, &template.ObjectMeta, &template.Spec) {
		if !verdict.Allowed {
			all.problems = append(all.problems, fmt.Sprintf("%s %s: restricted: %s (%s)",
				kind.Kind, describe(document), verdict.ForbiddenReason, verdict.ForbiddenDetail))
		}
	}
}

func podTemplate(object runtime.Object) *core.PodTemplateSpec {
	switch it := object.(type) {
	case *apps.Deployment:
		return &it.Spec.Template
	case *apps.StatefulSet:
		return &it.Spec.Template
	case *apps.DaemonSet:
		return &it.Spec.Template
	case *batch.Job:
		return &it.Spec.Template
	case *batch.CronJob:
		return &it.Spec.JobTemplate.Spec.Template
	case *core.Pod:
		return &core.PodTemplateSpec{ObjectMeta: it.ObjectMeta, Spec: it.Spec}
	}
	return nil
}

// isEmpty tells a document that holds nothing but comments, as templates behind a switch leave them.
func isEmpty(document []byte) bool {
	for _, line := range bytes.Split(document, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}

// describe names a document for people: kind and name as they stand in the text.
func describe(document []byte) string {
	kind, name := "?", "?"
	for _, line := range strings.Split(string(document), "\n") {
		if value, found := strings.CutPrefix(line, "kind: "); found {
			kind = strings.TrimSpace(value)
		}
		if value, found := strings.CutPrefix(line, "  name: "); found && name == "?" {
			name = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return kind + "/" + name
}
