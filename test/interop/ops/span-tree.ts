import assert from 'node:assert/strict'
import type { OtlpSpan } from './collector.ts'

const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'] as const

/** The spans of one trace as a tree. */
export class SpanTree {
  readonly spans: readonly OtlpSpan[]
  readonly #byId: ReadonlyMap<string, OtlpSpan>

  constructor(spans: readonly OtlpSpan[]) {
    this.spans = spans
    this.#byId = new Map(spans.map((span) => [span.spanId, span]))
  }

  /** The only span of this kind and name, a child of `parent`. */
  child(parent: OtlpSpan, kind: (typeof KINDS)[number], name: string | RegExp, group?: string): OtlpSpan {
    const found = this.spans.filter(
      (span) =>
        span.parentSpanId === parent.spanId &&
        KINDS[span.kind] === kind &&
        (typeof name === 'string' ? span.name === name : name.test(span.name)) &&
        (group === undefined || String(attribute(span, 'messaging.consumer.group.name')).endsWith(group)),
    )
    assert.equal(
      found.length,
      1,
      `one ${kind} "${name}" below "${parent.name}", but there is:\n${this.drawn()}`,
    )
    return found[0] as OtlpSpan
  }

  /** Spans whose parent is in no process. */
  orphans(): readonly OtlpSpan[] {
    return this.spans.filter(
      ({ parentSpanId }) => parentSpanId === undefined || !this.#byId.has(parentSpanId),
    )
  }

  /** For failures: one line a span, indented by its depth. */
  drawn(): string {
    const below = (id: string | undefined, depth: number): string[] =>
      this.spans
        .filter((span) => span.parentSpanId === id)
        .flatMap((span) => [
          `${'  '.repeat(depth)}${KINDS[span.kind]} ${span.name} [${attribute(span, 'messaging.consumer.group.name') ?? ''}]`,
          ...below(span.spanId, depth + 1),
        ])
    return this.orphans()
      .flatMap((span) => [`${KINDS[span.kind]} ${span.name}`, ...below(span.spanId, 1)])
      .join('\n')
  }
}

export function attribute(span: OtlpSpan, key: string): string | number | undefined {
  const value = span.attributes.find((it) => it.key === key)?.value
  if (value?.intValue !== undefined) return Number(value.intValue)
  return value?.stringValue as string | undefined
}
