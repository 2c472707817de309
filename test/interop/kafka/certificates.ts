import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificate {
  readonly certificateFile: string
  readonly keyFile: string
}

/** Certificates made by OpenSSL in a folder: an authority, and who it vouches for. */
export class Authority implements Certificate {
  readonly #folder: string
  readonly certificateFile: string
  readonly keyFile: string

  constructor(folder: string, name: string) {
    this.#folder = folder
    ;({ certificateFile: this.certificateFile, keyFile: this.keyFile } = this.#files(name))
    openssl([...this.#request(name), '-x509', '-days', '2', '-out', this.certificateFile])
  }

  /** For a node at 127.0.0.1, or for a client. */
  issue(name: string): Certificate {
    const files = this.#files(name)
    const [request, extensions] = [join(this.#folder, `${name}.csr`), join(this.#folder, `${name}.ext`)]
    openssl([...this.#request(name), '-out', request])
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    openssl([
      ...['x509', '-req', '-in', request, '-days', '2', '-extfile', extensions],
      ...['-CA', this.certificateFile, '-CAkey', this.keyFile, '-CAcreateserial'],
      ...['-out', files.certificateFile],
    ])
    return files
  }

  #files(name: string): Certificate {
    return {
      certificateFile: join(this.#folder, `${name}.pem`),
      keyFile: join(this.#folder, `${name}.key`),
    }
  }

  #request(name: string): string[] {
    const { keyFile } = this.#files(name)
    return [
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-subj', `/CN=${name}`, '-keyout', keyFile],
    ]
  }
}

function openssl(words: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', words)
  assert.equal(status, 0, String(stderr))
}
