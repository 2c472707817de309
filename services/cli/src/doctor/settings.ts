import { kafkaSchema } from '@ipsmgw/bus'
import { ConfigError, loadConfig } from '@ipsmgw/config'
import { diameterSchema } from '@ipsmgw/diameter'
import Type, { type Static } from 'typebox'
import { type CertificateFiles, examineCertificate } from './certificates.ts'
import { bad, type Finding, good } from './finding.ts'
import { examineKafka } from './kafka.ts'
import { examinePeers, examineSctp } from './network.ts'

/** What is read of a service's configuration; the rest is for the service itself, which knows it. */
const schema = Type.Object({
  kafka: Type.Optional(kafkaSchema),
  diameter: Type.Optional(diameterSchema),
  sip: Type.Optional(Type.Unsafe<unknown>({ type: 'object' })),
  sigtran: Type.Optional(Type.Unsafe<unknown>({ type: 'object' })),
})
type Settings = Static<typeof schema>

/** What a configuration names: its certificates, brokers and peers, and whether it needs SCTP. */
export async function examineSettings(file: string | undefined, timeoutMs: number): Promise<Finding[]> {
  let settings: Settings
  try {
    settings = loadConfig(schema, { environment: process.env, ...(file !== undefined && { file }) }).config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ path, source, message }) =>
      bad(`configuration, ${path} (${source})`, message, 'the service says all of it: --check-config'),
    )
  }
  const { kafka, diameter } = settings
  const [bus, peers, sctp] = await Promise.all([
    kafka === undefined ? [] : examineKafka(kafka, timeoutMs),
    diameter === undefined ? [] : examinePeers(diameter, timeoutMs),
    examineSctp(needsSctp(settings)),
  ])
  const read = [kafka && 'kafka', diameter && 'diameter'].filter(Boolean).join(', ')
  const nowMs = Date.now()
  return [
    good(
      'configuration',
      read === '' ? 'names neither kafka nor diameter: give --config, or the environment' : `${read}: valid`,
    ),
    ...certificatesOf(settings).map((it) => examineCertificate(it, nowMs)),
    ...bus,
    ...peers,
    ...sctp,
  ]
}

function needsSctp({ diameter, sigtran }: Settings): boolean {
  const transport = (sigtran as { transport?: string } | undefined)?.transport ?? 'sctp'
  return (
    (sigtran !== undefined && transport === 'sctp') ||
    diameter?.peers.some((peer) => peer.transport === 'sctp') === true
  )
}

/** Every pair of certificate and key, and every file of authorities, wherever they stand; each file once. */
function certificatesOf(settings: Settings): CertificateFiles[] {
  const found = new Map<string, CertificateFiles>()
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    const { certificateFile, keyFile, authoritiesFile, caFile } = value as Readonly<Record<string, unknown>>
    if (typeof certificateFile === 'string')
      found.set(certificateFile, {
        what: `certificate of ${path}`,
        certificate: certificateFile,
        ...(typeof keyFile === 'string' && { key: keyFile }),
      })
    for (const authorities of [authoritiesFile, caFile])
      if (typeof authorities === 'string' && !found.has(authorities))
        found.set(authorities, { what: `authorities of ${path}`, certificate: authorities })
    for (const [name, inner] of Object.entries(value)) walk(inner, path === '' ? name : `${path}.${name}`)
  }
  walk(settings, '')
  return [...found.values()]
}
