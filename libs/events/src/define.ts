import type { Static, TObject } from 'typebox'
import { Compile } from 'typebox/compile'
import { EventError } from './errors.ts'
import type { Topic } from './topic.ts'

export interface TopicOptions<S extends TObject> {
  readonly name: string
  /** Version that is written. The previous and the next one are read as well: events only grow. */
  readonly version: number
  readonly schema: S
  readonly retentionMs: number
  readonly partitioning: Topic<Static<S>>['partitioning']
  key(value: Static<S>): string
}

/** The largest record that is read, octets: the brokers' limit for these topics. */
export const MAXIMUM_RECORD_OCTETS = 256 * 1024

/** A topic from its schema. Values are checked when they are read, since a topic is an open door. */
export function defineTopic<S extends TObject>(options: TopicOptions<S>): Topic<Static<S>> {
  const { name, version, schema } = options
  const validator = Compile(schema)
  const prefix = `{"schema":${JSON.stringify(name)},"version":${version},"value":`
  return {
    name,
    retentionMs: options.retentionMs,
    partitioning: options.partitioning,
    key: options.key,
    encode: (value) => Buffer.from(`${prefix}${JSON.stringify(value)}}`),
    decode(octets) {
      if (octets.length > MAXIMUM_RECORD_OCTETS)
        throw new EventError(
          name,
          'invalid',
          `a record of ${octets.length} octets, at most ${MAXIMUM_RECORD_OCTETS}`,
        )
      const record = parse(name, octets)
      if (record.schema !== name)
        throw new EventError(name, 'wrong-schema', `holds a record of ${quote(record.schema)}`)
      if (typeof record.version !== 'number' || Math.abs(record.version - version) > 1)
        throw new EventError(
          name,
          'unknown-version',
          `version ${quote(record.version)}, this release reads ${version} ± 1`,
        )
      if (!validator.Check(record.value)) {
        const first = validator.Errors(record.value)[0]
        throw new EventError(
          name,
          'invalid',
          `${first?.instancePath || 'value'} ${first?.message ?? 'is invalid'}`,
        )
      }
      return record.value as Static<S>
    },
  }
}

interface RawRecord {
  readonly schema?: unknown
  readonly version?: unknown
  readonly value?: unknown
}

function parse(topic: string, octets: Uint8Array): RawRecord {
  let record: unknown
  try {
    record = JSON.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('utf8'))
  } catch (cause) {
    // The parser's sentence may quote the record, and records hold text: it stays in `cause`, out of logs.
    throw new EventError(topic, 'not-json', `${octets.length} octets that are no JSON`, {
      cause: (cause as Error).name,
    })
  }
  if (typeof record !== 'object' || record === null) throw new EventError(topic, 'not-json', 'no JSON object')
  return record
}

function quote(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 40) ?? 'nothing'
}
