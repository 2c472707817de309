/** A record that is not what its topic says: undecodable, of another schema, too new, or incomplete. */
export class EventError extends Error {
  override readonly name = 'EventError'
  readonly code: 'not-json' | 'wrong-schema' | 'unknown-version' | 'invalid'
  readonly retryable = false
  readonly topic: string

  constructor(topic: string, code: EventError['code'], detail: string, options?: ErrorOptions) {
    super(`${topic}: ${detail}`, options)
    this.topic = topic
    this.code = code
  }
}
