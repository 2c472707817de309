import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { Gauge, type Registry } from '@ipsmgw/telemetry'

/** Settings that name a file of certificates, wherever they stand. */
const SETTINGS = new Set(['certificateFile', 'authoritiesFile', 'caFile'])
const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Files of certificates that a configuration names, each once. */
export function certificateFilesOf(config: unknown): string[] {
  const files = new Set<string>()
  const walk = (value: unknown, key?: string): void => {
    if (typeof value === 'string' && key !== undefined && SETTINGS.has(key) && value !== '') files.add(value)
    if (typeof value !== 'object' || value === null) return
    for (const [name, inner] of Object.entries(value)) walk(inner, name)
  }
  walk(config)
  return [...files]
}

/** How long each file is good for: the first of its certificates to expire counts. Files are read when they change. */
export function watchCertificates(registry: Registry, files: readonly string[], now: () => number): void {
  const known = new Map<string, { readonly changedMs: number; readonly expiryMs: number }>()
  const expiryOf = (file: string): number => {
    const { mtimeMs: changedMs } = statSync(file)
    const before = known.get(file)
    if (before?.changedMs === changedMs) return before.expiryMs
    const expiryMs = firstExpiryMs(readFileSync(file, 'latin1'))
    known.set(file, { changedMs, expiryMs })
    return expiryMs
  }
  new Gauge({
    name: 'ipsmgw_certificate_expiry_seconds',
    help: 'Time until a certificate of this file expires; 0 when it has, or when the file cannot be read',
    labelNames: ['file'],
    registers: [registry],
    collect() {
      for (const file of files)
        this.set(
          { file },
          secondsLeft(() => expiryOf(file) - now()),
        )
    },
  })
}

function secondsLeft(readMs: () => number): number {
  try {
    return Math.max(0, readMs() / 1000)
  } catch {
    return 0
  }
}

function firstExpiryMs(text: string): number {
  const expiries = [...text.matchAll(PEM)].map(([pem]) => new X509Certificate(pem).validToDate.getTime())
  if (expiries.length === 0) throw new RangeError('no certificate in it')
  return Math.min(...expiries)
}
