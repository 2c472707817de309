import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { parseCpim } from '@ipsmgw/im'
import { type HeaderInput, type IncomingRequest, SipEndpoint } from '@ipsmgw/sip'
import { ipsmgw } from './testing/command.ts'

/** A gateway that gives one answer; what it was sent is in `requests`. */
async function gateway(t: TestContext, status: number, headers: HeaderInput = []) {
  const requests: IncomingRequest[] = []
  const endpoint = new SipEndpoint(
    {
      listeners: (['udp', 'tcp'] as const).map((transport) => ({ transport, host: '127.0.0.1', port: 0 })),
    },
    {
      onRequest(request) {
        requests.push(request)
        request.respond(status, undefined, { headers })
      },
    },
  )
  await endpoint.start()
  t.after(() => endpoint.close())
  const portOf = (transport: string) =>
    endpoint.addresses().find((address) => address.transport === transport)?.port ?? assert.fail()
  return { requests, udp: portOf('udp'), tcp: portOf('tcp') }
}

const message = (port: number, ...more: string[]) => [
  'send',
  ...['--to', '+447900123456', '--text', 'Hello from IMS', '--gateway', `127.0.0.1:${port}`],
  ...['--http', 'http://127.0.0.1:1'],
  ...more,
]

describe('ipsmgw send', () => {
  test('200 is told as delivered, exit code 0; the request is the one of an S-CSCF', async (t) => {
    const { requests, udp } = await gateway(t, 200)
    const { code, output } = await ipsmgw(message(udp))
    assert.equal(code, 0, output)
    assert.match(output, /200 OK after \d+\.\d\d s: delivered/)
    const [request] = requests
    assert.equal(request?.message.method, 'MESSAGE')
    assert.equal(request?.message.uriText, 'tel:+447900123456')
    assert.equal(request?.message.headers.get('p-asserted-identity'), '<tel:+447700900111>')
    assert.equal(request?.message.body.toString('utf8'), 'Hello from IMS')
  })

  test('202 says that the outcome is unknown, exit code 3', async (t) => {
    const { udp } = await gateway(t, 202)
    const { code, output } = await ipsmgw(message(udp, '--quiet'))
    assert.equal(code, 3)
    assert.match(output, /outcome unknown.*do not send it again/)
  })

  test('480 is told with its Reason and Warning, exit code 1', async (t) => {
    const { udp } = await gateway(t, 480, [
      ['Reason', 'Q.850;cause=20;text="subscriber absent"'],
      ['Warning', '399 gw.example "SMS not delivered: subscriber absent"'],
    ])
    const { code, output } = await ipsmgw(message(udp))
    assert.equal(code, 1)
    assert.match(output, /^480 .*not delivered/m)
    assert.match(output, /Reason: Q\.850;cause=20/)
    assert.match(output, /Warning: 399 gw\.example/)
  })

  test('--cpim sends a CPM pager-mode message, --anonymous hides the sender (RFC 3323)', async (t) => {
    const { requests, tcp } = await gateway(t, 200)
    assert.equal((await ipsmgw(message(tcp, '--transport', 'tcp', '--cpim', '--anonymous'))).code, 0)
    const [request] = requests
    assert.equal(request?.source.transport, 'tcp')
    assert.equal(request?.message.headers.get('privacy'), 'id')
    assert.doesNotMatch(request?.message.headers.get('from') ?? '', /447700900111/)
    assert.ok(request)
    const cpim = parseCpim(request.message.body)
    assert.match(JSON.stringify(cpim), /anonymous\.invalid/)
  })

  test('RFC 3261 §18.1.1: a message that would not fit a datagram goes by TCP', async (t) => {
    const { requests, tcp } = await gateway(t, 200)
    const { code } = await ipsmgw([...message(tcp).slice(0, 4), 'x'.repeat(1_200), ...message(tcp).slice(5)])
    assert.equal(code, 0)
    assert.equal(requests[0]?.source.transport, 'tcp')
  })

  test('the timeline of the message API follows, where there is one', async (t) => {
    const { udp } = await gateway(t, 200)
    const api = createServer((request, response) => {
      assert.match(request.url ?? '', /^\/api\/messages\?callId=/)
      const timeline = [
        { step: 'attempted', by: 'sm-delivery', sinceStartMs: 7, part: 1, peer: 'mme1.example' },
      ]
      response.end(JSON.stringify([{ timeline }]))
    }).listen(0, '127.0.0.1')
    await once(api, 'listening')
    t.after(() => api.close())
    const { port } = api.address() as { port: number }
    const { output } = await ipsmgw(message(udp, '--http', `http://127.0.0.1:${port}`))
    assert.match(output, /7 ms {2}sm-delivery {2}attempted part 1 \(mme1\.example\)/)
  })

  test('a gateway that is not there is told in one sentence, exit code 1', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')
    const { code, output } = await ipsmgw(message(port, '--transport', 'tcp'))
    assert.equal(code, 1)
    assert.match(output, /cannot be reached .*; start one with: npm start/)
  })
})
