import { ByteReader, DecodeError, EncodeError } from '@ipsmgw/bytes'

/** SCCP management messages (Q.713 §5.2) as they stand in the data of a UDT between subsystems 1. */
export const ManagementFormat = { SSA: 1, SSP: 2, SST: 3, SOR: 4, SOG: 5, SSC: 6 } as const

export interface ManagementMessage {
  /** See `ManagementFormat`; others are kept as numbers. */
  readonly format: number
  readonly affectedSsn: number
  readonly affectedPointCode: number
  readonly multiplicity: number
  /** SSC only: 1 to 8. */
  readonly congestionLevel?: number
}

const OCTETS = 5

/** Format, affected SSN, affected point code (little endian), multiplicity; SSC has one octet more. */
export function decodeManagement(octets: Uint8Array): ManagementMessage {
  const reader = new ByteReader(octets, 'SCMG')
  const format = reader.uint8('format')
  if (format < ManagementFormat.SSA || format > ManagementFormat.SSC)
    throw new DecodeError('SCMG', 'format', 0, 'unsupported', `format ${format}`)
  const affectedSsn = reader.uint8('affectedSsn')
  const low = reader.uint8('affectedPointCode')
  const affectedPointCode = (low | (reader.uint8('affectedPointCode') << 8)) & 0x3fff
  const multiplicity = reader.uint8('multiplicity')
  const common = { format, affectedSsn, affectedPointCode, multiplicity }
  if (format !== ManagementFormat.SSC) return common
  return { ...common, congestionLevel: reader.uint8('congestionLevel') & 0xf }
}

export function encodeManagement(message: ManagementMessage): Buffer {
  const { format, affectedSsn, affectedPointCode, multiplicity, congestionLevel } = message
  if (affectedPointCode < 0 || affectedPointCode > 0x3fff)
    throw new EncodeError('SCMG', 'affectedPointCode', `${affectedPointCode} has more than 14 bits`)
  const octets = Buffer.alloc(format === ManagementFormat.SSC ? OCTETS + 1 : OCTETS)
  octets[0] = format
  octets[1] = affectedSsn
  octets.writeUInt16LE(affectedPointCode, 2)
  octets[4] = multiplicity
  if (octets.length > OCTETS) octets[OCTETS] = congestionLevel ?? 0
  return octets
}
