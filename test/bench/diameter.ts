/**
 * Diameter: decode the SRR of another stack into a typed object and encode that again, on one core. Baseline: npm
 * `diameter` 0.7.0 doing the same. As installed it throws on this message, so the AVPs, command and application that
 * it lacks are put behind its own dictionary; its code is as installed.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { decodeDiameter, encodeMessage, readRequest } from '@ipsmgw/diameter'
import { perSecond, report } from './measure.ts'

const INPUT = 'test/vectors/diameter-vectors.json'
const NAME = 'srr'
const { vectors } = JSON.parse(readFileSync(new URL(`../../${INPUT}`, import.meta.url), 'utf8')) as {
  vectors: { name: string; hex: string }[]
}
const octets = Buffer.from(vectors.find(({ name }) => name === NAME)?.hex ?? '', 'hex')

function decodeAndEncode(): Buffer {
  const message = decodeDiameter(octets)
  return encodeMessage('SRR', readRequest('SRR', message), message)
}

interface PackageAvp {
  readonly code: number
  readonly vendorId: number
  readonly name: string
  readonly type: string
  readonly flags: Record<string, boolean>
}

interface PackageDictionary {
  getAvpByCodeAndVendorId(code: number, vendorId: number): PackageAvp | undefined
  getAvpByName(name: string): PackageAvp | undefined
  getCommandByCode(code: number): { code: number; name: string } | undefined
  getApplicationById(code: number): { code: number; name: string } | undefined
}

interface PackageCodec {
  decodeMessage(octets: Buffer): unknown
  encodeMessage(message: unknown): Buffer
}

const flags = { mandatory: true, protected: false, mayEncrypt: false, vendorBit: true }
const LACKING: readonly PackageAvp[] = [
  { code: 701, vendorId: 10415, name: 'MSISDN', type: 'OctetString', flags },
  { code: 3300, vendorId: 10415, name: 'SC-Address', type: 'OctetString', flags },
  { code: 3308, vendorId: 10415, name: 'SM-RP-MTI', type: 'Unsigned32', flags },
  { code: 3310, vendorId: 10415, name: 'SRR-Flags', type: 'Unsigned32', flags },
]

function thePackage(): PackageCodec {
  process.noDeprecation = true
  const require = createRequire(import.meta.url)
  const dictionary = require('diameter/lib/diameter-dictionary.js') as PackageDictionary
  const { getAvpByCodeAndVendorId, getAvpByName, getCommandByCode, getApplicationById } = dictionary
  dictionary.getAvpByCodeAndVendorId = (code, vendorId) =>
    getAvpByCodeAndVendorId(code, vendorId) ??
    LACKING.find((avp) => avp.code === code && avp.vendorId === vendorId)
  dictionary.getAvpByName = (name) => getAvpByName(name) ?? LACKING.find((avp) => avp.name === name)
  dictionary.getCommandByCode = (code) => getCommandByCode(code) ?? { code, name: 'Send-Routing-Info-for-SM' }
  dictionary.getApplicationById = (code) => getApplicationById(code) ?? { code, name: 'S6c' }
  return require('diameter/lib/diameter-codec.js') as PackageCodec
}

if (!decodeAndEncode().equals(octets)) throw new Error('what was encoded is not what was decoded')
const { decodeMessage, encodeMessage: encodeByPackage } = thePackage()

report('Diameter, one core', [
  {
    what: 'decode + encode',
    input: `SRR of ${INPUT}, ${octets.length} octets`,
    value: perSecond(decodeAndEncode),
    unit: '/s',
    baseline: { name: 'npm diameter 0.7.0', value: perSecond(() => encodeByPackage(decodeMessage(octets))) },
    target: { ratioAtLeast: 100 },
  },
])
