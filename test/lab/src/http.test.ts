import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createAdminServer } from '@ipsmgw/runtime'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { labRoutes } from './http.ts'
import { Phones } from './phones.ts'
import { RequestLog } from './request-log.ts'
import { Subscribers } from './subscribers.ts'

const speaker = () => ({
  spoken: 3,
  speak(version: number) {
    this.spoken = version
  },
})

function server() {
  const state = {
    subscribers: new Subscribers(100),
    phones: new Phones(100),
    hssLog: new RequestLog(10),
    nodesLog: new RequestLog(10),
    map: { hlr: speaker(), msc: speaker(), sgsn: speaker() },
  }
  const http = createAdminServer(
    { host: '127.0.0.1', port: 0, version: 'test' },
    {
      registry: createRegistry('test', 'test'),
      logger: createLogger({ service: 'test', level: 'silent' }),
      alive: () => true,
      readiness: () => ({ ready: true, parts: {} }),
    },
  )
  labRoutes(http, state)
  return { http, state }
}

describe('HTTP side of the lab', () => {
  test('a number without messages has an empty list, a number that is none is explained', async () => {
    const { http } = server()
    const empty = await http.inject('/lab/phones/447900123456/messages')
    assert.deepEqual([empty.statusCode, empty.json()], [200, []])
    for (const number of ['+447900123456', '0790', 'alice']) {
      const bad = await http.inject(`/lab/phones/${number}/messages`)
      assert.deepEqual(
        [bad.statusCode, bad.json()],
        [400, { error: 'the number must be 5 to 15 digits, international, without +' }],
      )
    }
  })

  test('a setting is taken, shown and replaced', async () => {
    const { http, state } = server()
    const put = (payload: object) =>
      http.inject({ method: 'PUT', url: '/lab/subscribers/447900123456', payload })
    const answer = await put({ behaviour: 'absent', delayMs: 100, node: 'sgsn' })
    assert.equal(answer.statusCode, 200)
    assert.partialDeepStrictEqual(answer.json(), {
      msisdn: '447900123456',
      behaviour: 'absent',
      delayMs: 100,
    })
    await put({ behaviour: 'reachable', node: 'msc' })
    assert.deepEqual(state.subscribers.of('447900123456').setting, { behaviour: 'reachable', node: 'msc' })
    assert.partialDeepStrictEqual((await http.inject('/lab/subscribers/447900123456')).json(), {
      node: 'msc',
    })
  })

  test('a node is told which version of MAP it speaks', async () => {
    const { http, state } = server()
    const put = (node: string, version: number) =>
      http.inject({ method: 'PUT', url: `/lab/nodes/${node}`, payload: { version } })
    assert.deepEqual((await put('msc', 2)).json(), { node: 'msc', version: 2 })
    assert.equal(state.map.msc.spoken, 2)
    assert.equal((await put('msc', 4)).statusCode, 400)
    assert.equal((await put('mme', 2)).statusCode, 400)
  })

  const REFUSED = [
    [{ behaviour: 'asleep' }, /^behaviour must be one of reachable, absent, /],
    [{}, /^behaviour must be set$/],
    [{ behaviour: 'absent', delay: 5 }, /^delay is no field of the body$/],
    [{ behaviour: 'absent', delayMs: '5' }, /^delayMs must be integer$/],
    [{ behaviour: 'absent', node: 'hlr' }, /^node must be one of msc, mme, sgsn$/],
  ] as const
  for (const [payload, sentence] of REFUSED) {
    test(`a setting like ${JSON.stringify(payload)} is refused with a sentence, and nothing changes`, async () => {
      const { http, state } = server()
      const answer = await http.inject({ method: 'PUT', url: '/lab/subscribers/447900123456', payload })
      assert.equal(answer.statusCode, 400)
      assert.match(answer.json<{ error: string }>().error, sentence)
      assert.equal(state.subscribers.of('447900123456').setting.behaviour, 'reachable')
    })
  }

  test('JSON is taken under the type that curl gives it, a body that is none is refused', async () => {
    const { http, state } = server()
    const put = (payload: string) =>
      http.inject({
        method: 'PUT',
        url: '/lab/subscribers/447900123456',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload,
      })
    assert.equal((await put('{"behaviour":"busy"}')).statusCode, 200)
    assert.equal(state.subscribers.of('447900123456').setting.behaviour, 'busy')
    for (const payload of ['behaviour=absent', '{', '']) {
      const answer = await put(payload)
      assert.equal(answer.statusCode, 400)
      assert.match(answer.json<{ error: string }>().error, /JSON|body/i)
    }
  })

  test('the logs show what was seen, of one number or of all', async () => {
    const { http, state } = server()
    state.hssLog.add({ node: 'hss', command: 'SRR', from: 'gw', octets: '', msisdn: '447900123456' })(2001)
    state.hssLog.add({ node: 'hss', command: 'SRR', from: 'gw', octets: '', msisdn: '447900123457' })
    const all = (await http.inject('/lab/hss/log')).json<{ result: unknown }[]>()
    assert.deepEqual(
      all.map(({ result }) => result),
      [2001, 'pending'],
    )
    assert.equal((await http.inject('/lab/hss/log?msisdn=447900123457')).json<unknown[]>().length, 1)
    assert.deepEqual((await http.inject('/lab/nodes/log')).json(), [])
    assert.equal((await http.inject('/lab/nodes/log?number=1')).statusCode, 400)
  })

  test('the logs are bounded', () => {
    const log = new RequestLog(10)
    for (let i = 0; i < 100; i++) log.add({ node: 'hss', command: 'SRR', from: 'gw', octets: '' })
    assert.ok(log.entries().length <= 11)
  })
})
