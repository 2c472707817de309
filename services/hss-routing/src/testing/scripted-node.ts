import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  decodeDiameter,
  encodeMessage,
  type Fields,
  type MessageName,
  type OutgoingRequest,
  type RequestName,
  resultOf,
  type SendOptions,
  type SendResult,
} from '@ipsmgw/diameter'

const FILE = new URL('../../../../test/vectors/diameter-vectors.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(FILE, 'utf8')) as { vectors: { name: string; hex: string }[] }

export interface SentRequest {
  readonly name: RequestName
  readonly request: Readonly<Record<string, unknown>>
  readonly options: SendOptions
}

/** A node that answers with these outcomes, one after the other, and tells what it was given. */
export function scriptedNode(outcomes: readonly SendResult[]) {
  const sent: SentRequest[] = []
  const node = {
    send<M extends RequestName>(name: M, request: OutgoingRequest<M>, options: SendOptions<M>) {
      sent.push({ name, request: request as never, options: options as SendOptions })
      return Promise.resolve(outcomes[sent.length - 1] as SendResult)
    },
  }
  return { sent, node }
}

export function answerOf(octets: Buffer): SendResult {
  const message = decodeDiameter(octets)
  const result = resultOf(message)
  assert.ok(result)
  return { kind: 'answer', message, result, peer: 'dra.example' }
}

/** An answer that another stack made. */
export function vector(name: string): SendResult {
  return answerOf(Buffer.from(vectors.find((it) => it.name === name)?.hex ?? '', 'hex'))
}

/** An answer of `hss.example`. */
export function made<M extends MessageName>(name: M, fields: Partial<Fields<M>>): SendResult {
  const common = {
    'Session-Id': 'a;1;2',
    'Vendor-Specific-Application-Id': { 'Vendor-Id': 10_415 },
    'Auth-Session-State': 1,
    'Origin-Host': 'hss.example',
    'Origin-Realm': 'epc.example',
    ...fields,
  }
  return answerOf(encodeMessage(name, common as never, { hopByHopId: 1, endToEndId: 1 }))
}

/** An answer that says no. */
export function failed(name: 'SRA' | 'UDA' | 'SNA', vendorId: number, code: number): SendResult {
  const result =
    vendorId === 0
      ? { 'Result-Code': code }
      : { 'Experimental-Result': { 'Vendor-Id': vendorId, 'Experimental-Result-Code': code } }
  return made(name, result)
}
