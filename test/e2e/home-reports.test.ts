import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { decodeDiameter, value } from '@ipsmgw/diameter'
import { decodeArgument } from '@ipsmgw/map'
import type { SeenRequest, SubscriberSetting } from '@ipsmgw/test/lab'
import { eventually } from '../support/eventually.ts'
import { GatewayInLab, SCSCF } from './gateway.ts'
import { Sender } from './sender.ts'

/** A report that is not wanted would come as soon as one that is. */
const QUIET_MS = 200

interface Row {
  readonly what: string
  readonly setting: SubscriberSetting
  readonly status: number
  /** What the home network is told of the phone; undefined: nothing. */
  readonly told: 'success' | 'absent' | 'memory-full' | undefined
}

const ROWS: readonly Row[] = [
  { what: 'delivered', setting: { behaviour: 'reachable' }, status: 200, told: undefined },
  {
    what: 'delivered, with waiting data',
    setting: { behaviour: 'reachable', waiting: true },
    status: 200,
    told: 'success',
  },
  { what: 'absent', setting: { behaviour: 'absent' }, status: 480, told: 'absent' },
  { what: 'memory full', setting: { behaviour: 'memory-full' }, status: 480, told: 'memory-full' },
  { what: 'busy', setting: { behaviour: 'busy' }, status: 486, told: undefined },
  { what: 'barred at the node', setting: { behaviour: 'barred', at: 'node' }, status: 403, told: undefined },
  {
    what: 'absent in the home network',
    setting: { behaviour: 'absent', at: 'hss' },
    status: 480,
    told: undefined,
  },
]

const CODES = { success: 2, absent: 1, 'memory-full': 0 } as const

/** The outcome code of a report, as it stands on the wire. */
function codeOf({ octets }: SeenRequest, over: 's6c' | 'map'): number | undefined {
  const bytes = Buffer.from(octets, 'hex')
  if (over === 'map') return decodeArgument('reportSmDeliveryStatus', bytes).smDeliveryOutcome
  return value(decodeDiameter(bytes), 'SM-Delivery-Outcome')?.['MME-SM-Delivery-Outcome']?.[
    'SM-Delivery-Cause'
  ]
}

for (const [over, command, node] of [
  ['s6c', 'RDR', 'mme'],
  ['map', 'reportSM-DeliveryStatus', 'msc'],
] as const)
  describe(`TS 23.040 §9: the home network is told over ${over}, when and only when it must know`, () => {
    let gateway: GatewayInLab
    let sender: Sender
    let number = over === 's6c' ? 447_900_600_000 : 447_900_700_000

    before(async () => {
      gateway = await GatewayInLab.start({ routing: { protocols: [over], singleAttempt: false } })
      sender = await Sender.open(SCSCF, gateway.sip)
    })

    after(async () => {
      await sender.close()
      await gateway.stop()
    })

    for (const { what, setting, status, told } of ROWS)
      test(`${what}: ${told ?? 'nothing'}`, async () => {
        const msisdn = String(number++)
        gateway.set(msisdn, { node, ...setting })
        const answer = await sender.send({ to: msisdn })
        assert.equal(answer.status, status)
        const reports = () => gateway.lab.hssLog.entries(msisdn).filter((it) => it.command === command)
        if (told === undefined) await delay(QUIET_MS)
        else await eventually(() => reports().length > 0, 'the report')
        const codes = reports().map((report) => codeOf(report, over))
        assert.deepEqual(codes, told === undefined ? [] : [CODES[told]])
      })
  })
