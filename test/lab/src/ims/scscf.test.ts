import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type IncomingRequest, SipEndpoint } from '@ipsmgw/sip'
import { type FilterCriterion, Scscf } from './scscf.ts'
import { UserEquipment } from './user-equipment.ts'

describe('S-CSCF of the lab, TS 24.229 §5.4.3.3 default handling', () => {
  const alice = new UserEquipment({ name: 'alice', host: '127.0.0.21', identity: 'sip:alice@ims.invalid' })
  const bob = new UserEquipment({ name: 'bob', host: '127.0.0.22', identity: 'sip:bob@ims.invalid' })
  let answer: (request: IncomingRequest) => void = () => {}
  const server = new SipEndpoint(
    { listeners: [{ transport: 'tcp', host: '127.0.0.23', port: 0 }] },
    { onRequest: (request) => answer(request) },
  )

  before(async () => {
    await Promise.all([alice.element.start(), bob.element.start(), server.start()])
  })
  after(async () => {
    await Promise.all([alice.element.stop(), bob.element.stop(), server.close()])
  })

  async function send(defaultHandling: FilterCriterion['defaultHandling'], serverWatchdogMs?: number) {
    const scscf = new Scscf({
      name: 'scscf',
      host: '127.0.0.24',
      ...(serverWatchdogMs !== undefined && { serverWatchdogMs }),
    })
    await scscf.element.start()
    const port = server.addresses()[0]?.port ?? 0
    const criterion: FilterCriterion = {
      cases: ['term-reg'],
      server: { transport: 'tcp', host: '127.0.0.23', port },
      defaultHandling,
    }
    scscf.add({ identities: [bob.identity], contact: bob.element.destination, criteria: [criterion] })
    bob.inbox.length = 0
    const { final } = await alice.send(
      { to: bob.identity, text: 'hi' },
      { route: scscf.element.route(), to: scscf.element.destination },
    )
    await scscf.element.stop()
    return { status: final?.status, inbox: [...bob.inbox] }
  }

  for (const status of [500, 503, 504]) {
    test(`a ${status} of the server: continued goes to the user, terminated goes back`, async () => {
      answer = (request) => void request.respond(status)
      assert.deepEqual(await send('SESSION_CONTINUED'), { status: 200, inbox: ['hi'] })
      assert.deepEqual(await send('SESSION_TERMINATED'), { status, inbox: [] })
    })
  }

  for (const status of [200, 202, 403, 433, 480]) {
    test(`a ${status} of the server goes back, whatever the default handling`, async () => {
      answer = (request) => void request.respond(status)
      assert.deepEqual(await send('SESSION_CONTINUED'), { status, inbox: [] })
    })
  }

  test('a server that is silent past the watchdog: continued goes to the user, terminated is a 504', async () => {
    answer = () => {}
    assert.deepEqual(await send('SESSION_CONTINUED', 30), { status: 200, inbox: ['hi'] })
    assert.deepEqual(await send('SESSION_TERMINATED', 30), { status: 504, inbox: [] })
  })
})
