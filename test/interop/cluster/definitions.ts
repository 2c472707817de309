import { eventually } from '../../support/eventually.ts'
import type { Api } from './api.ts'

/**
 * Kinds of the operators that the chart and k8s/ write for, with any content: the operators' own definitions are theirs.
 * What stands in such an object is judged by the manifest gate.
 */
const KINDS = [
  ['kafka.strimzi.io/v1', 'Kafka', 'kafkas'],
  ['kafka.strimzi.io/v1', 'KafkaNodePool', 'kafkanodepools'],
  ['kafka.strimzi.io/v1', 'KafkaTopic', 'kafkatopics'],
  ['kafka.strimzi.io/v1', 'KafkaUser', 'kafkausers'],
  ['keda.sh/v1alpha1', 'ScaledObject', 'scaledobjects'],
  ['keda.sh/v1alpha1', 'TriggerAuthentication', 'triggerauthentications'],
  ['monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors'],
  ['monitoring.coreos.com/v1', 'PrometheusRule', 'prometheusrules'],
] as const

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** Makes the kinds known; resolves when objects of them can be made. */
export async function defineKinds(api: Api): Promise<void> {
  for (const [apiVersion, kind, plural] of KINDS) {
    const [group = '', version = ''] = apiVersion.split('/')
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
    await api.demand('POST', DEFINITIONS, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [{ name: version, served: true, storage: true, schema }],
      },
    })
  }
  await eventually(
    async () => {
      api.forgetResources()
      const known = await api.resources()
      return KINDS.every(([apiVersion, kind]) =>
        known.some((it) => it.apiVersion === apiVersion && it.kind === kind),
      )
    },
    'the kinds of operators',
    30_000,
  )
}
