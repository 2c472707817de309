import type { TestContext } from 'node:test'
import { MemoryBus } from '@ipsmgw/bus'
import type { Topic } from '@ipsmgw/events'

/** A record as it went on the bus. */
export interface Published {
  readonly topic: string
  readonly key: string
  readonly value: unknown
}

/** Everything that any bus in this process takes, until the test ends; the bus works as always. */
export function spyOnBus(t: TestContext): Published[] {
  const published: Published[] = []
  const publish = MemoryBus.prototype.publish
  t.mock.method(MemoryBus.prototype, 'publish', function <
    T,
  >(this: MemoryBus, topic: Topic<T>, value: T, options?: { partition?: number }) {
    published.push({ topic: topic.name, key: topic.key(value), value })
    return publish.call(this, topic, value, options)
  })
  return published
}
