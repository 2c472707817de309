import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { bad, type Finding, good, warn } from './finding.ts'

const DAY_MS = 24 * 3_600_000
const SOON_DAYS = 14

/** A certificate, and its private key if it is our own. */
export interface CertificateFiles {
  readonly what: string
  readonly certificate: string
  readonly key?: string
}

/** Whether the first certificate of a file is in force, for how long, and fits its key. */
export function examineCertificate({ what, certificate, key }: CertificateFiles, nowMs: number): Finding {
  const subject = `${what} ${certificate}`
  try {
    const found = new X509Certificate(readFileSync(certificate))
    const days = Math.floor((found.validToDate.getTime() - nowMs) / DAY_MS)
    if (found.validFromDate.getTime() > nowMs)
      return bad(
        subject,
        `not in force before ${found.validFrom}`,
        'the clock of this machine, or the certificate',
      )
    if (days < 0) return bad(subject, `expired on ${found.validTo}`, 'renew it')
    if (key !== undefined && !found.checkPrivateKey(createPrivateKey(readFileSync(key))))
      return bad(subject, `does not belong to the key ${key}`, 'mount both from the same Secret')
    return days < SOON_DAYS
      ? warn(subject, `expires in ${days} days`, 'renew it')
      : good(subject, `in force for ${days} more days`)
  } catch (error) {
    return bad(subject, (error as Error).message, 'the path, and whether the file is PEM')
  }
}
