// The chart's signalling sides: SIP and Diameter over TLS, ports by transport, and what `helm test` goes over. Seconds.
// neighbours: go
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import {
  CHART,
  documents,
  helm,
  type Manifest,
  named,
  of,
  ofExample,
  render,
  settingsOf,
  workloads,
} from './chart.ts'

describe('signalling', () => {
  test('SIP over TLS: listener, port, Service, policy and Secret; alone where the carrier wants it so', () => {
    const secret = ['--set', 'tls.sip.existingSecret=sip-tls']
    const portsOf = (all: readonly Manifest[]) => ({
      service: named('rel-ipsmgw-sip', of('Service', all)).spec.ports.map((it: { port: number }) => it.port),
      policy: named('rel-ipsmgw-sip-ingress', of('NetworkPolicy', all)).spec.ingress[1].ports.map(
        (it: { port: string }) => it.port,
      ),
      listeners: settingsOf(all, 'sip-ingress').sip.listeners?.map(
        (it: { transport: string; port: number }) => `${it.transport} ${it.port}`,
      ),
    })
    assert.deepEqual(portsOf(ofExample('default')), {
      service: [5060, 5060],
      policy: ['sip-udp', 'sip-tcp'],
      listeners: undefined,
    })
    assert.deepEqual(portsOf(documents(render(secret))), {
      service: [5060, 5060, 5061],
      policy: ['sip-udp', 'sip-tcp', 'sip-tls'],
      listeners: ['udp 5060', 'tcp 5060', 'tls 5061'],
    })
    const all = ofExample('carrier')
    assert.deepEqual(portsOf(all), { service: [5061], policy: ['sip-tls'], listeners: ['tls 5061'] })
    const pod = named('rel-ipsmgw-sip-ingress', workloads(all)).spec.template.spec
    const mount = pod.containers[0].volumeMounts.find((it: { name: string }) => it.name === 'sip-tls')
    const { certificateFile } = settingsOf(all, 'sip-ingress').sip.tls
    assert.equal(certificateFile, `${mount.mountPath}/tls.crt`)
    const { secret: source } = pod.volumes.find((it: { name: string }) => it.name === 'sip-tls')
    assert.equal(source.secretName, 'ipsmgw-sip-tls')
  })

  test('Diameter by transport: TLS peers get the Secret, their ports and protocols are let out', () => {
    const all = ofExample('carrier')
    for (const service of ['hss-routing', 'sm-delivery']) {
      for (const peer of settingsOf(all, service).diameter.peers)
        assert.equal(peer.tls.certificateFile, '/etc/ipsmgw/diameter-tls/tls.crt')
      const { volumes } = named(`rel-ipsmgw-${service}`, workloads(all)).spec.template.spec
      assert.ok(volumes.some((it: { name: string }) => it.name === 'diameter-tls'))
    }
    const sctp = ['--set', 'networkPolicy.diameterPeers={192.0.2.0/28}', '--set-json']
    const peer = { identity: 'dra', host: 'dra.example', transport: 'sctp', port: 3869 }
    const text = render([...sctp, `config.diameter.peers=[${JSON.stringify(peer)}]`])
    const { egress } = named('rel-ipsmgw-sm-delivery', of('NetworkPolicy', documents(text))).spec
    assert.ok(
      egress.some(({ ports }: { ports: object[] }) =>
        isDeepStrictEqual(ports, [
          { port: 3868, protocol: 'TCP' },
          { port: 3869, protocol: 'SCTP' },
        ]),
      ),
    )
  })

  test('helm test sends a message to the lab, only where there is a lab', () => {
    const tests = (all: readonly Manifest[]) =>
      all.filter((it) => it.metadata.annotations?.['helm.sh/hook'] === 'test')
    assert.equal(tests(ofExample('default')).length, 0)
    const all = ofExample('minimal')
    const [pod] = tests(all)
    const recipients = pod?.spec.containers.map((it: { args: string[] }) => it.args.slice(0, 3))
    assert.deepEqual(recipients, [
      ['send', '--to', '+447700900124'],
      ['send', '--to', '+447700900123'],
    ])
    assert.deepEqual(settingsOf(all, 'lab').lab.mmeSubscribers, ['447700900124'], 'one of them at the MME')
    const [link] = settingsOf(all, 'sm-delivery').sigtran.links
    const { ports } = named(link.hosts[0], of('Service', all)).spec
    assert.ok(
      ports.some((it: { port: number }) => it.port === link.port),
      'the other one over SIGTRAN, at a port that the lab has',
    )
  })
})

describe('wrong signalling values fail with a sentence that helps', () => {
  const refusals: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'TLS alone without a certificate',
      ['--set', 'tls.sip.only=true'],
      /tls\.sip\.only needs tls\.sip\.existingSecret/,
    ],
    [
      'listeners by hand beside the Secret',
      [
        '--set',
        'tls.sip.existingSecret=x',
        '--set-json',
        'config.sip.listeners=[{"transport":"udp","host":"::","port":5060}]',
      ],
      /leave both out/,
    ],
    [
      'a Diameter peer over TLS without a certificate',
      ['--set-json', 'config.diameter.peers=[{"identity":"dra","host":"h","transport":"tls"}]'],
      /dra wants TLS: name the Secret in tls\.diameter\.existingSecret/,
    ],
    [
      'a lab that cannot send',
      ['--set', 'lab.enabled=true', '--set', 'tls.sip.existingSecret=x', '--set', 'tls.sip.only=true'],
      /the lab sends without TLS/,
    ],
    [
      'more replicas than the lab knows',
      ['--set', 'lab.enabled=true', '--set', 'smDelivery.replicas=9'],
      /8 addresses for up to 9/,
    ],
    ['a privileged TLS port', ['--set', 'tls.sip.port=443'], /tls\/sip\/port|tls\.sip\.port/],
  ]
  for (const [what, args, sentence] of refusals)
    test(what, () => {
      const { code, output } = helm(['template', 'rel', CHART, ...args])
      assert.notEqual(code, 0)
      assert.match(output, sentence)
    })
})
