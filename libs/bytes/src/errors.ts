/** What is wrong at one place of an octet string. Few on purpose: the path and the offset tell the rest. */
export type DecodeReason =
  | 'underflow' // fewer octets than the field needs
  | 'overlength' // a length above the field's named maximum, or past the end of its container
  | 'missing' // a mandatory element is absent
  | 'duplicate' // an element stands twice where once is allowed
  | 'invalid' // a value the standard does not allow here
  | 'trailing' // octets left over behind a complete structure
  | 'unsupported' // understood, but not built

/**
 * Octets that do not follow their standard. Thrown by every decoder of this project.
 *
 * `path` names the nested field from the outside in (`SMS-DELIVER.TP-OA.digits`), `offset` counts octets from
 * the start of what the outermost decoder was given, so that a support engineer can point at the octet.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly code = 'decode'
  readonly retryable = false
  readonly protocol: string
  readonly path: string
  readonly offset: number
  readonly reason: DecodeReason
  readonly detail: string

  constructor(
    protocol: string,
    path: string,
    offset: number,
    reason: DecodeReason,
    detail = '',
    options?: ErrorOptions,
  ) {
    super(`${protocol}: ${reason} at octet ${offset} in ${path}${detail ? `: ${detail}` : ''}`, options)
    this.protocol = protocol
    this.path = path
    this.offset = offset
    this.reason = reason
    this.detail = detail
  }

  /** The same fault seen from the enclosing structure: its name goes in front, its offset is added. */
  within(outerPath: string, outerOffset: number): DecodeError {
    const path = this.path === '' ? outerPath : `${outerPath}.${this.path}`
    return new DecodeError(this.protocol, path, outerOffset + this.offset, this.reason, this.detail, {
      cause: this.cause,
    })
  }
}

/** Runs a nested decoder and gives its DecodeError the name and the offset of the field that holds it. */
export function decodeWithin<T>(path: string, offset: number, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof DecodeError) throw error.within(path, offset)
    throw error
  }
}

/** A value that cannot be put on the wire: the caller's mistake, never the peer's. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError'
  readonly code = 'encode'
  readonly retryable = false
  readonly protocol: string
  readonly path: string

  constructor(protocol: string, path: string, detail: string, options?: ErrorOptions) {
    super(`${protocol}: cannot encode ${path}: ${detail}`, options)
    this.protocol = protocol
    this.path = path
  }
}
