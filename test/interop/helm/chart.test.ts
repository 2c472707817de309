// The chart as a cluster would get it: rendered, decoded strictly, held to the restricted profile, looked into.
// Seconds; the first time on a machine 4 minutes more, in which Go builds helm and the gate.
// neighbours: go
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { startSource } from '../../support/processes.ts'
import { Authority } from '../kafka/certificates.ts'
import {
  CHART,
  documents,
  EXAMPLES,
  gate,
  helm,
  type Manifest,
  named,
  of,
  ofExample,
  render,
  settingsOf,
  workloads,
} from './chart.ts'

describe('every example', () => {
  for (const [name, args] of Object.entries(EXAMPLES)) {
    test(`${name}: helm lint --strict finds nothing`, () => {
      const { code, output } = helm(['lint', '--strict', CHART, ...args])
      assert.equal(code, 0, output)
    })

    test(`${name}: each document decodes strictly and each pod passes the restricted profile`, () => {
      const { code, output } = gate(render(args))
      assert.equal(code, 0, output)
    })

    test(`${name}: pods have probes, limits, labels, spread, a budget, an account without token, a network policy`, () => {
      const all = ofExample(name)
      for (const workload of workloads(all)) {
        const { spec, metadata } = workload.spec.template
        const [container] = spec.containers
        for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
          assert.ok(container[probe].httpGet, `${workload.metadata.name} ${probe}`)
        assert.notEqual(container.livenessProbe.httpGet.path, container.readinessProbe.httpGet.path)
        assert.ok(container.resources.limits.cpu && container.resources.limits.memory)
        assert.ok(spec.terminationGracePeriodSeconds > container.lifecycle.preStop.sleep.seconds)
        assert.deepEqual([spec.automountServiceAccountToken, spec.enableServiceLinks], [false, false])
        assert.equal(spec.topologySpreadConstraints.length, 2)
        for (const it of spec.topologySpreadConstraints) assert.equal(it.nodeTaintsPolicy, 'Honor')
        assert.ok(spec.affinity.podAntiAffinity)
        assert.ok(metadata.labels['app.kubernetes.io/name'])
        named(spec.serviceAccountName, of('ServiceAccount', all))
        named(workload.metadata.name, of('NetworkPolicy', all))
        if (metadata.labels['app.kubernetes.io/component'] !== 'lab')
          named(workload.metadata.name, of('PodDisruptionBudget', all))
      }
    })

    test(`${name}: no IPv4 address but 127.0.0.1, 0.0.0.0 and blocks, no latest tag, no node or host port`, () => {
      const text = render(args)
      const addresses = [...text.matchAll(/\b\d{1,3}(?:\.\d{1,3}){3}\b(\/\d+)?/g)]
        .map(([all]) => all)
        .filter((it) => !it.includes('/') && !['127.0.0.1', '0.0.0.0'].includes(it))
      assert.deepEqual(addresses, [])
      assert.doesNotMatch(text, /image: \S+:latest|hostPort|nodePort:|hostNetwork|hostPath/)
    })

    test(`${name}: names and selectors hold together`, () => {
      const all = ofExample(name)
      const keys = all.map((it) => `${it.kind}/${it.metadata.name}`)
      assert.equal(new Set(keys).size, keys.length, 'no name twice')
      for (const workload of workloads(all)) {
        for (const [key, value] of Object.entries(workload.spec.selector.matchLabels))
          assert.equal(workload.spec.template.metadata.labels[key], value)
        if (workload.kind === 'StatefulSet') named(workload.spec.serviceName, of('Service', all))
        for (const volume of workload.spec.template.spec.volumes)
          if (volume.configMap !== undefined) named(volume.configMap.name, of('ConfigMap', all))
      }
    })
  }
})

/** What the Secret of a signalling side holds, as files. */
function certificateIn(folder: string): object {
  const authority = new Authority(folder, 'authority')
  return { ...authority.issue('gateway'), authoritiesFile: authority.certificateFile }
}

describe('settings', () => {
  const services = ['sip-ingress', 'im-to-sms', 'hss-routing', 'sm-delivery', 'correlation', 'records']

  for (const example of Object.keys(EXAMPLES))
    for (const service of services)
      test(`${example}: ${service} itself accepts the settings that the chart gives it`, async (t) => {
        const settings = settingsOf(ofExample(example), service)
        // Files and the identity that only a pod has.
        delete settings.keys
        delete settings.policy
        delete settings.kafka.payloadKeyFiles
        if (settings.diameter !== undefined) settings.diameter.originHost = 'pod-0.example'
        const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-chart-'))
        t.after(() => rmSync(folder, { recursive: true, force: true }))
        if (settings.sip?.tls !== undefined) settings.sip.tls = certificateIn(folder)
        const file = join(folder, 'config.yaml')
        writeFileSync(file, JSON.stringify(settings))
        const checked = await startSource(`services/${service}/src/main.ts`, [
          '--check-config',
          '--config',
          file,
        ])
        assert.equal(await checked.ended, 0, checked.output())
      })

  test('a changed setting gives a new ConfigMap and rolls the pods of that component alone', () => {
    const changed = documents(render(['--set', 'config.sip.answerByMs=20000']))
    const volumeOf = (all: readonly Manifest[], name: string) =>
      workloads(all)
        .find((it) => it.metadata.name === `rel-ipsmgw-${name}`)
        ?.spec.template.spec.volumes.find((volume: { name: string }) => volume.name === 'config').configMap
        .name
    const before = ofExample('default')
    assert.notEqual(volumeOf(changed, 'sip-ingress'), volumeOf(before, 'sip-ingress'))
    assert.equal(volumeOf(changed, 'sm-delivery'), volumeOf(before, 'sm-delivery'))
  })

  test('a changed policy rolls no pod: the document is mounted and read again', () => {
    const changed = documents(render(['--set-string', 'policy.document.version=2']))
    assert.deepEqual(workloads(changed), workloads(ofExample('default')))
    assert.notDeepEqual(of('ConfigMap', changed), of('ConfigMap', ofExample('default')))
  })

  test('identities follow the ordinal: pod name in the realm, and a StatefulSet to give it', () => {
    for (const name of ['hss-routing', 'sm-delivery']) {
      const workload = named(`rel-ipsmgw-${name}`, of('StatefulSet', ofExample('carrier')))
      const { env } = workload.spec.template.spec.containers[0]
      const value = env.find((it: { name: string }) => it.name === 'IPSMGW_DIAMETER_ORIGIN_HOST')?.value
      assert.equal(value, '$(POD_NAME).ipsmgw.ims.example.org')
    }
  })
})

describe('switches', () => {
  test('defaults ask for no operator: no KEDA, Prometheus operator or lab object', () => {
    const kinds = new Set(ofExample('default').map((it) => it.apiVersion.split('/')[0]))
    for (const group of ['keda.sh', 'monitoring.coreos.com']) assert.ok(!kinds.has(group))
    assert.ok(!ofExample('default').some((it) => it.metadata.name.endsWith('-lab')))
  })

  test('SIP keeps the sender address and has UDP and TCP on one Service', () => {
    const { spec } = named('rel-ipsmgw-sip', of('Service', ofExample('default')))
    assert.equal(spec.externalTrafficPolicy, 'Local')
    assert.deepEqual(spec.ports.map((it: { protocol: string }) => it.protocol).sort(), ['TCP', 'UDP'])
  })

  test('an address per pod for as many as there may be, with an autoscaler for its most', () => {
    const addresses = (...settings: string[]) => {
      const set = [...settings, 'sipIngress.service.perPod=true'].flatMap((it) => ['--set', it])
      return of('Service', documents(render(set))).filter(({ metadata }) => /-sip-\d+$/.test(metadata.name))
        .length
    }
    assert.equal(addresses('sipIngress.replicas=3'), 3)
    assert.equal(addresses('sipIngress.autoscaling.mode=hpa', 'sipIngress.autoscaling.maxReplicas=5'), 5)
  })

  test('with an autoscaler no number of replicas is rendered, and KEDA sees lag, in-flight and CPU', () => {
    const all = ofExample('carrier')
    const scaled = of('ScaledObject', all)
    assert.equal(scaled.length, 5)
    for (const { spec } of scaled) {
      const target = workloads(all).find((it) => it.metadata.name === spec.scaleTargetRef.name)
      assert.equal(target?.kind, spec.scaleTargetRef.kind)
      assert.equal(target?.spec.replicas, undefined)
    }
    const triggers = (name: string) =>
      named(`rel-ipsmgw-${name}`, scaled).spec.triggers.map((it: { type: string }) => it.type)
    assert.deepEqual(triggers('sip-ingress'), ['cpu', 'prometheus'])
    assert.ok(triggers('sm-delivery').includes('kafka'))
    // Little's law: as many replicas as carry what is in flight, each used to 60 %.
    const [, inFlight] = named('rel-ipsmgw-sip-ingress', scaled).spec.triggers
    assert.equal(inFlight.metricType, 'AverageValue')
    assert.equal(inFlight.metadata.threshold, '3000')
    assert.match(inFlight.metadata.query, /^sum\(ipsmgw_sip_open_messages\{/)
    assert.equal(
      of('HorizontalPodAutoscaler', documents(render(['--set', 'imToSms.autoscaling.mode=hpa']))).length,
      1,
    )
  })

  test('a digest wins over the tag, a registry goes in front', () => {
    const digest = `sha256:${'a'.repeat(64)}`
    const args = ['--set', `records.image.digest=${digest}`, '--set', 'image.registry=registry.example:5000']
    const { spec } = named('rel-ipsmgw-records', workloads(documents(render(args)))).spec.template
    assert.equal(spec.containers[0].image, `registry.example:5000/ipsmgw/records@${digest}`)
  })

  test('Kafka with TLS and client certificates is mounted, each component is a user of its own', () => {
    const all = ofExample('carrier')
    const secrets = workloads(all).map(
      (it) =>
        it.spec.template.spec.volumes.find((volume: { name: string }) => volume.name === 'kafka-user').secret
          .secretName,
    )
    assert.equal(new Set(secrets).size, workloads(all).length)
  })

  test('two releases side by side share no name', () => {
    const other = helm(['template', 'other', CHART])
    assert.equal(other.code, 0, other.output)
    const names = new Set(ofExample('default').map((it) => `${it.kind}/${it.metadata.name}`))
    assert.deepEqual(
      documents(other.output).filter((it) => names.has(`${it.kind}/${it.metadata.name}`)),
      [],
    )
  })
})

describe('wrong values are refused with a sentence that names them', () => {
  const refusals: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown key', ['--set', 'config.sip.prot=1'], /additional propert.*'prot'/],
    ['a key of another section', ['--set', 'sipIngress.replica=3'], /additional propert.*'replica'/],
    ['a number out of range', ['--set', 'config.sip.answerByMs=40000'], /answerByMs.*maximum/],
    [
      'a word instead of a number',
      ['--set', 'config.sip.answerByMs=soon'],
      /answerByMs.*got string, want integer/,
    ],
    [
      'more replicas than reply partitions',
      ['--set', 'sipIngress.replicas=33'],
      /sipIngress\/replicas.*maximum/,
    ],
    ['the tag latest', ['--set', 'image.tag=latest'], /image\/tag.*not/],
    ['no brokers', ['--set', 'kafka.brokers=null'], /kafka.*brokers/],
    [
      'a service centre that is no number',
      ['--set-string', 'config.routing.serviceCentre=+44'],
      /serviceCentre.*pattern/,
    ],
    ['an address that is no block', ['--set', 'networkPolicy.sipPeers={192.0.2.1}'], /sipPeers\/0.*pattern/],
    ['an unknown autoscaler', ['--set', 'records.autoscaling.mode=vpa'], /autoscaling\/mode/],
    [
      'a policy that the gateway refuses',
      ['--set', 'policy.document.anonymity.mode=maybe'],
      /anonymity\/mode/,
    ],
    [
      'fewer replicas at most than at least',
      ['--set', 'imToSms.autoscaling.maxReplicas=1'],
      /imToSms\.autoscaling: minReplicas 2 is above maxReplicas 1/,
    ],
    ['client certificates without TLS', ['--set', 'kafka.authentication=tls'], /needs kafka\.tls\.enabled/],
    [
      'fewer SIGTRAN addresses than replicas',
      [...(EXAMPLES.signalling ?? []), '--set', 'smDelivery.replicas=3'],
      /smDelivery\.config\.sigtran\.instances has 2 addresses for up to 3 replicas/,
    ],
    ['no Secret for the key', ['--set', 'keys.existingSecret='], /keys\.existingSecret must name the Secret/],
  ]
  for (const [what, args, sentence] of refusals)
    test(what, () => {
      const { code, output } = helm(['template', 'rel', CHART, ...args])
      assert.notEqual(code, 0)
      assert.match(output, sentence)
    })

  test('a cluster that is too old', () => {
    const { output } = helm(['template', 'rel', CHART, '--kube-version', '1.29.3'])
    assert.match(output, /needs Kubernetes 1\.30 or later/)
  })
})

describe('the gate itself refuses what a cluster would', () => {
  const pod = (spec: string) => `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: ${spec}`
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'an unknown field',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replicaz: 1}',
      /replicaz/,
    ],
    ['a mistyped field', 'apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: 3}', /ports/],
    ['an unknown kind', 'apiVersion: v1\nkind: Sevice\nmetadata: {name: x}', /Sevice/],
    ['a bare pod', pod('{containers: [{name: a, image: b}]}'), /runAsNonRoot/],
    ['the host network', pod('{hostNetwork: true, containers: [{name: a, image: b}]}'), /host namespaces/],
    [
      'a mistyped custom object',
      'apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata: {name: x}\nspec: {partition: 3}',
      /partition/,
    ],
    ['nothing at all', '# empty', /0 documents/],
  ]
  for (const [what, text, sentence] of cases)
    test(what, () => {
      const { code, output } = gate(text)
      assert.equal(code, 1)
      assert.match(output, sentence)
    })
})

describe('generated files', () => {
  test('schema, components and table of values are what the code says', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/chart.ts', '--check'], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
  })

  test('every value is described in the README', () => {
    const readme = readFileSync(join(CHART, 'README.md'), 'utf8')
    const paths = (value: unknown, path: string): string[] =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
        ? Object.entries(value).flatMap(([key, it]) => paths(it, path === '' ? key : `${path}.${key}`))
        : [path]
    const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'), { merge: true })
    const like = new Set(['imToSms', 'hssRouting', 'smDelivery', 'correlation', 'records'])
    const missing = Object.entries(values)
      .filter(([name]) => !like.has(name))
      .flatMap(([name, value]) => paths(value, name))
      .filter((path) => !/^(lab|cli)\./.test(path))
      .filter((path) => {
        const parts = path.split('.')
        return !parts.some((_, index) => readme.includes(`| \`${parts.slice(0, index + 1).join('.')}\` |`))
      })
    assert.deepEqual(missing, [])
  })
})
