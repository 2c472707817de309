import { unwatchFile, watchFile } from 'node:fs'
import type { Logger } from '@ipsmgw/telemetry'
import Type from 'typebox'
import { loadPolicy } from './load.ts'
import type { Policy } from './schema.ts'

/** Where the policy document is, a section of every service that decides by it. */
export const policyFileSchema = Type.Object(
  { file: Type.String({ default: '', description: 'policy document (YAML); empty: defaults' }) },
  { additionalProperties: false, default: {} },
)

const LOOK_EVERY_MS = 2_000

/**
 * The policy in force. The document is read again when it changes; one that is not valid is refused as a whole and
 * the old one stays. Looks at the path and not at the file behind it, because mounted documents are swapped by link.
 */
export class PolicyFile {
  readonly name = 'policy'
  readonly #file: string
  readonly #logger: Logger
  #current: Policy

  /** Throws `ConfigError` when the document is missing or wrong: nothing starts with a policy nobody wrote. */
  constructor(file: string, logger: Logger) {
    this.#file = file
    this.#logger = logger
    this.#current = loadPolicy(file)
  }

  current(): Policy {
    return this.#current
  }

  async start(): Promise<void> {
    if (this.#file === '') return
    watchFile(this.#file, { interval: LOOK_EVERY_MS, persistent: false }, this.reload)
  }

  async stop(): Promise<void> {
    if (this.#file !== '') unwatchFile(this.#file, this.reload)
  }

  readonly reload = (): void => {
    try {
      this.#current = loadPolicy(this.#file)
      this.#logger.info({ policyVersion: this.#current.version }, 'policy reloaded')
    } catch (error) {
      this.#logger.error({ err: error }, 'changed policy refused, the old one stays in force')
    }
  }
}
