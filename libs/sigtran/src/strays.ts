import { SccpAddress, type UnitDataIndication } from '@ipsmgw/sccp'

/** A message for the dialogue of another replica, as it crosses between processes. */
export interface Stray {
  readonly atMs: number
  /** SCCP addresses, hex. */
  readonly called: string
  readonly calling: string
  /** TCAP message, base64. */
  readonly data: string
  readonly originPointCode?: number
}

/** The way between the replicas of one service. */
export interface StrayPost {
  /** To the replica of that ordinal. */
  send(ordinal: number, stray: Stray): Promise<void>
  /** What others send to this one; resolves when it is heard. */
  receive(take: (stray: Stray) => void): Promise<{ close(): Promise<void> }>
}

/** The peer has long given up on an older one; nothing is done for it. */
const LONGEST_WAY_MS = 30_000

export function strayOf({ called, calling, data, originPointCode }: UnitDataIndication, atMs: number): Stray {
  return {
    atMs,
    called: Buffer.from(called.octets).toString('hex'),
    calling: Buffer.from(calling.octets).toString('hex'),
    data: Buffer.from(data).toString('base64'),
    ...(originPointCode !== undefined && { originPointCode }),
  }
}

/** Undefined when it comes too late. Throws `DecodeError` for an address that does not decode. */
export function indicationOf(stray: Stray, nowMs: number): UnitDataIndication | undefined {
  if (nowMs - stray.atMs > LONGEST_WAY_MS) return undefined
  return {
    called: SccpAddress.decode(Buffer.from(stray.called, 'hex')),
    calling: SccpAddress.decode(Buffer.from(stray.calling, 'hex')),
    data: Buffer.from(stray.data, 'base64'),
    protocolClass: 0,
    originPointCode: stray.originPointCode,
  }
}
