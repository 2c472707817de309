import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Certificate and key as PEM, and where they lie. */
export interface Credentials {
  readonly certificateFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'] as const

/** A certificate authority of a test, made by OpenSSL in a folder. */
export class Authority {
  readonly #folder: string
  readonly #name: string
  readonly file: string
  readonly cert: string

  constructor(folder: string, name = 'authority') {
    this.#folder = folder
    this.#name = name
    this.file = join(folder, `${name}.pem`)
    openssl('req', '-x509', ...CURVE, '-subj', `/CN=${name}`, '-keyout', this.#key(name), '-out', this.file)
    this.cert = readFileSync(this.file, 'utf8')
  }

  /** A certificate for these DNS names, or `IP:` and an address. */
  issue(file: string, ...names: readonly string[]): Credentials {
    const certificateFile = join(this.#folder, `${file}.pem`)
    const keyFile = this.#key(file)
    const alternatives = names.map((name) => (name.startsWith('IP:') ? name : `DNS:${name}`)).join(',')
    const request = ['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${alternatives}`]
    const signedBy = ['-CA', this.file, '-CAkey', this.#key(this.#name)]
    openssl('req', '-x509', ...CURVE, ...request, ...signedBy, '-keyout', keyFile, '-out', certificateFile)
    return {
      certificateFile,
      keyFile,
      cert: readFileSync(certificateFile, 'utf8'),
      key: readFileSync(keyFile, 'utf8'),
    }
  }

  #key(name: string): string {
    return join(this.#folder, `${name}.key`)
  }
}

/** Throws with what it says. */
function openssl(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${error?.message ?? stderr}`)
}
