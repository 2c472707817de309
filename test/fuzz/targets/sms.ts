import assert from 'node:assert/strict'
import { DecodeError, fromHex } from '@ipsmgw/bytes'
import { decodeDeliver, encodeDeliver, encodeGsm7, readDeliverReport, type SmsDeliver } from '@ipsmgw/sms'
import type { FuzzTarget } from '../target.ts'
import { decodes, vectorJson } from './vectors.ts'

const { vectors } = vectorJson<{ vectors: readonly { tpdus: readonly string[] }[] }>('sms-vectors.json')

/** TS 23.040 §9.2.2.1, §9.2.2.1a: a message encodes again to the same; a report is read whatever stands there. */
export const sms: FuzzTarget = {
  name: 'sms',
  seeds: vectors.flatMap(({ tpdus }) => tpdus.map((hex) => fromHex(hex))),
  maximumOctets: 4_096,
  leastReadable: 0.05,
  read(octets) {
    for (const kind of ['ack', 'error'] as const) {
      const { report, fault } = readDeliverReport(octets, kind)
      assert.ok(report.form === 'ack' || report.form === 'error')
      assert.ok(fault === undefined || fault instanceof DecodeError)
    }
    return decodes(octets, () => {
      const message = decodeDeliver(octets)
      if (!hasEscapedName(message)) assert.deepEqual(decodeDeliver(encodeDeliver(message)), message)
    })
  },
}

/** Names with escaped characters are read, and on purpose never written. */
function hasEscapedName({ originator }: SmsDeliver): boolean {
  return originator.kind === 'alphanumeric' && encodeGsm7(originator.text)?.length !== originator.text.length
}
