import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { MemoryBus } from '@ipsmgw/bus'
import { loadConfig } from '@ipsmgw/config'
import { KeyMaker } from '@ipsmgw/numbering'
import { loadPolicy } from '@ipsmgw/policy'
import { buildSipIngress } from '@ipsmgw/sip-ingress'

import { createStandalone, standaloneSchema } from '@ipsmgw/standalone'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { freePort } from '../support/processes.ts'

/** How the network below behaves: resolves when the phone has the part. */
export interface Phones {
  deliver(tpdu: Buffer): Promise<void>
}

/** Two instances of sip-ingress before one pipeline; ports of both. */
export async function twoIngresses(t: TestContext, phones: Phones): Promise<readonly [number, number]> {
  const directory = mkdtempSync(join(tmpdir(), 'ipsmgw-two-'))
  const { config } = loadConfig(standaloneSchema, {
    environment: {},
    base: {
      http: { port: 0 },
      sip: { port: await freePort(), peers: [{ name: 'scscf', addresses: ['127.0.0.0/8'] }] },
      diameter: { originHost: 'gw.example', originRealm: 'example' },
      routing: { hssRealm: 'example', serviceCentre: '447700900000' },
      journal: { directory },
    },
  })
  let bus: MemoryBus | undefined
  const replies = MemoryBus.prototype.replies
  t.mock.method(
    MemoryBus.prototype,
    'replies',
    function (this: MemoryBus, ...args: Parameters<typeof replies>) {
      bus = this
      return replies.apply(this, args)
    },
  )
  const registry = createRegistry('standalone', 'test')
  const logger = createLogger({ service: 'test', level: 'silent' })
  const standalone = createStandalone(config, {
    registry,
    logger,
    version: 'test',
    network: () => ({
      parts: [],
      statuses: {},
      queries: {
        user: async () => ({ kind: 'refused', cause: 'unknownSubscriber' }),
        route: async () => ({
          kind: 'routed',
          imsi: '234150000000001',
          nodes: [{ kind: 'mme', protocol: 'sgd', host: 'mme1.example' }],
          peer: 'hss1.example',
        }),
      },
      forwarders: {
        sgd: {
          session: () => ({
            async forward(part) {
              await phones.deliver(part.tpdu)
              return { kind: 'delivered' }
            },
            close() {},
          }),
        },
      },
    }),
    fatal: (error) => {
      throw error
    },
  })
  await standalone.start()
  const second = buildSipIngress(
    { ...config, sip: { ...config.sip, port: await freePort() }, ordinal: 1 },
    {
      bus: bus as MemoryBus,
      keys: new KeyMaker(Buffer.alloc(32, 1)),
      registry: createRegistry('sip-ingress', 'test'),
      logger,
      policy: () => loadPolicy(),
    },
  )
  await second.start?.()
  t.after(async () => {
    await second.stop?.()
    await standalone.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  return [standalone.sipPort(), second.port()]
}
