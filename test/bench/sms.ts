import { decodeDeliver, encodeDeliverMessage, prepareText, ServiceCentreClock } from '@ipsmgw/sms'

/**
 * One-part TPDUs a second: encoding choice and SMS-DELIVER, and reading one back. Every figure also as a ratio to
 * the named baseline of the same run: copying the octets of the finished TPDU into a fresh buffer.
 */
const DURATION_MS = Number(process.env.BENCH_MS ?? 700)

const clock = new ServiceCentreClock('Europe/Berlin')
const shared = {
  originator: { kind: 'numeric', ton: 1, npi: 1, digits: '447700900456' },
  reference: { bits: 8, value: 42 },
} as const

const INPUTS = [
  ['gsm7-160: 160 ASCII characters, 1 part', 'abcdefghij'.repeat(16)],
  ['gsm7-40: a short note with a euro sign, 1 part', 'See you at 8 pm, bring 5€ for the museum'],
  ['ucs2-70: Cyrillic, 1 part', `${'Привет'.repeat(11)}Прив`],
  ['gsm7-5 parts: 700 ASCII characters', 'The quick brown fox. '.repeat(34).slice(0, 700)],
  ['ucs2-3 parts: Cyrillic and emoji', 'Привет 😀 '.repeat(18)],
] as const

function operationsPerSecond(operation: () => unknown): number {
  let batch = 1
  const run = (count: number): number => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < count; i++) operation()
    return Number(process.hrtime.bigint() - start) / 1e6
  }
  while (run(batch) < DURATION_MS / 10) batch *= 2
  let operations = 0
  let elapsedMs = 0
  while (elapsedMs < DURATION_MS) {
    elapsedMs += run(batch)
    operations += batch
  }
  return (operations / elapsedMs) * 1000
}

function row(name: string, rate: number, baseline: number): void {
  const ratio = (rate / baseline).toFixed(3)
  process.stdout.write(
    `${name.padEnd(64)} ${Math.round(rate).toLocaleString('en').padStart(12)}/s  ${ratio} of baseline\n`,
  )
}

for (const [name, text] of INPUTS) {
  let now = Date.UTC(2026, 2, 1)
  const encode = () => encodeDeliverMessage({ ...shared, content: text, serviceCentreTime: clock.at(now++) })
  const encoded = encode()
  if (!encoded.ok) throw new Error(`${name}: ${encoded.reason}`)
  const { tpdus } = encoded
  const baseline = operationsPerSecond(() => tpdus.map((tpdu) => Buffer.from(tpdu)))
  const octets = tpdus.reduce((sum, { length }) => sum + length, 0)
  row(
    `baseline: copy ${octets} octets in ${tpdus.length} buffers (${name.split(':')[0]})`,
    baseline,
    baseline,
  )
  row(`  encode ${name}`, operationsPerSecond(encode), baseline)
  row(
    '  prepare only',
    operationsPerSecond(() => prepareText(text, shared)),
    baseline,
  )
  row(
    '  decode',
    operationsPerSecond(() => tpdus.map(decodeDeliver)),
    baseline,
  )
}
