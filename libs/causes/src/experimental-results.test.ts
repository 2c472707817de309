import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { causeOfForward, causeOfRouting, causeOfServiceData } from './diameter.ts'
import { causeRow } from './table.ts'

const FILE = new URL('../../../test/vectors/diameter-dictionary.json', import.meta.url)
const { experimentalResultCodes } = JSON.parse(readFileSync(FILE, 'utf8')) as {
  experimentalResultCodes: { vendorId: number; code: number; name: string; interfaces: string[] }[]
}

const READERS = { Sh: causeOfServiceData, S6c: causeOfRouting, SGd: causeOfForward } as const
type Interface = keyof typeof READERS

/** docs/protocols/sip-answers.md by interface and code: SIP status and Q.850 value. */
const ANSWERS: Readonly<Record<Interface, Readonly<Record<number, readonly [number, number?]>>>> = {
  Sh: {
    // Authorisation that could not be decided fails closed.
    4100: [480],
    4101: [480],
    5001: [404, 1],
    5002: [480],
    5008: [480],
    5011: [480],
    5100: [480],
    5101: [480],
    5102: [480],
    5103: [480],
    5104: [480],
    5105: [480],
    5106: [480],
    5107: [480],
    5108: [480],
  },
  S6c: {
    5001: [404, 1],
    5011: [500, 96],
    5550: [480, 20],
    5552: [480, 69],
    5556: [403, 50],
    5557: [403, 21],
    // Answers a report to the home network, never a routing query; should it all the same, routing has failed.
    5558: [480, 38],
  },
  SGd: {
    5001: [480, 20],
    5011: [500, 96],
    5550: [480, 20],
    5551: [486, 17],
    5552: [480, 69],
    5553: [403, 21],
    5554: [403, 21],
    5555: [480, 111],
    5557: [403, 21],
  },
}

/** SM-Enumerated-Delivery-Failure-Cause with 5555, TS 29.338 §7.3.19. */
const DELIVERY_FAILURES: readonly (readonly [number, number])[] = [
  [480, 47],
  [480, 111],
  [480, 88],
  [500, 3],
  [480, 42],
  [404, 28],
  [403, 21],
]

function statusOf(name: Interface, code: number, deliveryFailureCause?: number) {
  const { status, q850 } = causeRow(
    READERS[name]({
      vendorId: 10415,
      code,
      ...(deliveryFailureCause !== undefined && { deliveryFailureCause }),
    }),
  )
  return q850 === undefined ? [status] : [status, q850]
}

describe('TS 29.329 §6.2, TS 29.338 §7.3.1: every experimental result has its SIP answer', () => {
  for (const { vendorId, code, name, interfaces } of experimentalResultCodes)
    for (const it of interfaces.filter((known): known is Interface => known in READERS))
      test(`${it} ${code} ${name}`, () => {
        assert.equal(vendorId, 10415)
        const expected = ANSWERS[it][code]
        assert.ok(expected, 'the table has a row for it')
        assert.deepEqual(statusOf(it, code), expected)
      })

  test('the table has no row that no interface knows', () => {
    for (const name of Object.keys(READERS) as Interface[]) {
      const known = experimentalResultCodes
        .filter((it) => it.interfaces.includes(name))
        .map(({ code }) => code)
      assert.deepEqual(
        Object.keys(ANSWERS[name]).map(Number),
        known.toSorted((a, b) => a - b),
      )
    }
  })

  for (const [cause, expected] of DELIVERY_FAILURES.entries())
    test(`SGd 5555 with delivery failure cause ${cause}`, () =>
      assert.deepEqual(statusOf('SGd', 5555, cause), expected))
})
