import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { MtpService } from '@ipsmgw/m3ua'
import { type NoticeIndication, ReturnCause, SccpAddress, SccpEndpoint, Ssn } from '@ipsmgw/sccp'
import type { OsmoStp } from '../../support/osmo-stp.ts'

/** 1.1.1 and 1.1.2 written 3-8-3. */
export const GATEWAY_POINT_CODE = 2057
export const MSC_POINT_CODE = 2058
export const GATEWAY = SccpAddress.e164('447700900010', Ssn.msc)
export const MSC = SccpAddress.e164('447700900020', Ssn.msc)

const BATCH = 50

/** The number of a message stands in its first octets; the rest fills it up. */
const numbered = (number: number, octets: number) => {
  const data = Buffer.alloc(octets, number)
  data.writeUInt32BE(number)
  return data
}
const numberOf = (data: Uint8Array) => Buffer.from(data).readUInt32BE()

/** Waits until the lower layer is up, or down. */
export async function reaches(mtp: MtpService, state: 'up' | 'down'): Promise<void> {
  if (mtp.active === (state === 'up')) return
  await new Promise<void>((resolve) => {
    const end = mtp.onStatus(({ kind }) => {
      if (kind !== state) return
      end()
      resolve()
    })
  })
}

/** A user of the SCCP at one end: what it received, what came back. */
export class User extends EventTarget {
  readonly mtp: MtpService
  readonly sccp: SccpEndpoint
  readonly received: Buffer[] = []
  readonly notices: NoticeIndication[] = []

  constructor(mtp: MtpService, pointCode: number, peerPointCode: number) {
    super()
    this.mtp = mtp
    const translations = [{ prefix: '4477009000', destinations: [peerPointCode] }]
    this.sccp = new SccpEndpoint({ pointCode, routing: { translations } }, { mtp })
    this.sccp.bind(Ssn.msc, {
      onUnitData: ({ data }) => {
        this.received.push(Buffer.from(data))
        this.dispatchEvent(new Event('change'))
      },
      onNotice: (notice) => {
        this.notices.push(notice)
        this.dispatchEvent(new Event('change'))
      },
    })
  }

  numbers(): number[] {
    return this.received.map(numberOf)
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this, 'change')
  }
}

export interface Exchange {
  readonly gateway: User
  readonly msc: User
}

/** Lengths around the limits of UDT and XUDT, and one that needs every segment there may be. */
const LENGTHS = [4, 200, 236, 237, 238, 255, 256, 500, 1_000, 3_600]

export async function everyLengthArrives({ gateway, msc }: Exchange): Promise<void> {
  for (const [number, length] of LENGTHS.entries()) {
    const data = numbered(number, length)
    const request = { called: MSC, calling: GATEWAY, data, sequenceControl: number }
    assert.deepEqual(gateway.sccp.send(request), { sent: true })
    await msc.until(() => msc.received.length > number)
    assert.deepEqual(msc.received[number], data, `${length} octets`)
  }
  msc.received.length = 0
}

export async function bothWaysInOrder({ gateway, msc }: Exchange): Promise<void> {
  const numbers = Array.from({ length: 200 }, (_, number) => number)
  for (const number of numbers) {
    const data = numbered(number, 100)
    gateway.sccp.send({ called: MSC, calling: GATEWAY, data, sequenceControl: 5 })
    msc.sccp.send({ called: GATEWAY, calling: MSC, data, sequenceControl: 5 })
  }
  await Promise.all([
    msc.until(() => msc.received.length === numbers.length),
    gateway.until(() => gateway.received.length === numbers.length),
  ])
  assert.deepEqual(msc.numbers(), numbers)
  assert.deepEqual(gateway.numbers(), numbers)
  msc.received.length = gateway.received.length = 0
}

/** Q.714 §4.2: an unknown subsystem returns the message with its cause. */
export async function unknownSubsystemReturns({ gateway }: Exchange): Promise<void> {
  const data = numbered(1, 50)
  gateway.sccp.send({ called: SccpAddress.e164('447700900020', Ssn.eir), calling: GATEWAY, data })
  await gateway.until(() => gateway.notices.length === 1)
  const [notice] = gateway.notices
  assert.equal(notice?.returnCause, ReturnCause.unequippedUser)
  assert.deepEqual(Buffer.from(notice.data), data)
  assert.ok(notice.called.equals(GATEWAY))
}

/**
 * The STP goes away under traffic and comes back. Every message has one of these fates: it arrives once; it is refused
 * or comes back, and never arrives; it was taken between the end of the STP and the moment the loss was seen, and only
 * then it may be missing.
 */
export async function outageLosesNothingSilently(
  { gateway, msc }: Exchange,
  stp: OsmoStp,
  context: TestContext,
): Promise<void> {
  msc.received.length = gateway.notices.length = 0
  const taken: boolean[] = []
  const send = (count: number) => {
    for (let i = 0; i < count; i++) {
      const data = numbered(taken.length, 100)
      taken.push(gateway.sccp.send({ called: MSC, calling: GATEWAY, data, startsDialogue: true }).sent)
    }
  }
  send(BATCH)
  await msc.until(() => msc.received.length === BATCH)

  let over = false
  const outage = Promise.all([stp.stop(), reaches(gateway.mtp, 'down'), reaches(msc.mtp, 'down')])
  void outage.then(() => {
    over = true
  })
  while (!over) {
    send(1)
    await setImmediate()
  }
  await outage
  send(BATCH)
  assert.ok(
    taken.slice(-BATCH).every((it) => !it),
    'refused at once while there is no STP',
  )

  const firstAfter = taken.length
  await stp.start()
  await Promise.all([reaches(gateway.mtp, 'up'), reaches(msc.mtp, 'up')])
  send(BATCH)
  const certain = (number: number) => number < BATCH || number >= firstAfter
  await msc.until(() => msc.numbers().filter(certain).length >= 2 * BATCH)

  const arrived = msc.numbers()
  const returned = new Set(gateway.notices.map(({ data }) => numberOf(data)))
  assert.equal(new Set(arrived).size, arrived.length, 'nothing arrived twice')
  for (const number of arrived) assert.ok(taken[number] && !returned.has(number), 'what arrived was taken')
  assert.equal(arrived.filter(certain).length, 2 * BATCH)
  const missing = taken.filter((it, number) => it && !arrived.includes(number) && !returned.has(number))
  context.diagnostic(`${missing.length} of ${firstAfter - BATCH} of the outage were taken and are missing`)
}
