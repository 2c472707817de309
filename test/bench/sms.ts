/** SMS-DELIVER on one core: encoding choice and TPDU, and reading one back. Baseline: copying the same octets. */
import { decodeDeliver, encodeDeliverMessage, ServiceCentreClock } from '@ipsmgw/sms'
import { type Figure, perSecond, report } from './measure.ts'

const INPUTS = [
  ['a note with a euro sign, GSM 7 bit', 'See you at 8 pm, bring 5€ for the museum'],
  ['160 ASCII characters, GSM 7 bit', 'abcdefghij'.repeat(16)],
  ['70 Cyrillic characters, UCS2', `${'Привет'.repeat(11)}Прив`],
  ['700 ASCII characters, GSM 7 bit', 'The quick brown fox. '.repeat(34).slice(0, 700)],
  ['162 Cyrillic characters and emoji, UCS2', 'Привет 😀 '.repeat(18)],
] as const

const clock = new ServiceCentreClock('Europe/Berlin')
const shared = {
  originator: { kind: 'numeric', ton: 1, npi: 1, digits: '447700900456' },
  reference: { bits: 8, value: 42 },
} as const

function figures([name, text]: (typeof INPUTS)[number]): Figure[] {
  let now = Date.UTC(2026, 2, 1)
  const encode = () => encodeDeliverMessage({ ...shared, content: text, serviceCentreTime: clock.at(now++) })
  const encoded = encode()
  if (!encoded.ok) throw new Error(`${name}: ${encoded.reason}`)
  const { tpdus } = encoded
  const input = `${name}, ${tpdus.length} ${tpdus.length === 1 ? 'part' : 'parts'}`
  const baseline = {
    name: 'copying the same octets',
    value: perSecond(() => tpdus.map((tpdu) => Buffer.from(tpdu))),
  }
  const promised = tpdus.length === 1 && { target: { atLeast: 200_000 } }
  return [
    { what: 'encode', input, value: perSecond(encode), unit: '/s', baseline, ...promised },
    {
      what: 'decode',
      input,
      value: perSecond(() => tpdus.map(decodeDeliver)),
      unit: '/s',
      baseline,
      ...promised,
    },
  ]
}

report('SMS-DELIVER, one core', INPUTS.flatMap(figures))
