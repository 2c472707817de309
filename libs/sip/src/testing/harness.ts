import assert from 'node:assert/strict'
import {
  type IncomingRequest,
  type ListenerAddress,
  SipEndpoint,
  type SipEndpointDependencies,
  type SipEndpointOptions,
  type SipEventName,
} from '../index.ts'
import { FakeClock } from './fake-clock.ts'

/** An endpoint on loopback with a fake clock; requests wait in `requests` until the test answers them. */
export class Harness {
  readonly clock = new FakeClock()
  readonly requests: IncomingRequest[] = []
  readonly events: SipEventName[] = []
  readonly endpoint: SipEndpoint
  readonly #wakeups = new Set<() => void>()

  constructor(
    options: Partial<SipEndpointOptions> = {},
    dependencies: Partial<SipEndpointDependencies> = {},
  ) {
    const listeners = (['udp', 'tcp'] as const).map((transport) => ({
      transport,
      host: '127.0.0.1',
      port: 0,
    }))
    this.endpoint = new SipEndpoint(
      { listeners, ...options },
      {
        onRequest: (request) => {
          this.requests.push(request)
          this.#wake()
        },
        clock: this.clock,
        ...dependencies,
        onEvent: (name) => {
          this.events.push(name)
          this.#wake()
        },
      },
    )
  }

  /** Starts, runs the test, and closes whatever happens. */
  static async run(
    test: (harness: Harness) => Promise<void>,
    options: Partial<SipEndpointOptions> = {},
    dependencies: Partial<SipEndpointDependencies> = {},
  ): Promise<void> {
    const harness = new Harness(options, dependencies)
    await harness.endpoint.start()
    try {
      await test(harness)
    } finally {
      await harness.endpoint.close()
    }
  }

  address(transport: string): ListenerAddress {
    const address = this.endpoint.addresses().find((candidate) => candidate.transport === transport)
    assert.ok(address)
    return address
  }

  count(name: SipEventName): number {
    return this.events.filter((event) => event === name).length
  }

  /** The `index`-th request, once it has come. */
  async request(index = 0): Promise<IncomingRequest> {
    await this.until(() => this.requests.length > index)
    const request = this.requests[index]
    assert.ok(request)
    return request
  }

  /** Resolves when the event has been seen `times` times. */
  async seen(name: SipEventName, times = 1): Promise<void> {
    await this.until(() => this.count(name) >= times)
  }

  async until(condition: () => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(5000)
    while (!condition()) {
      if (deadline.aborted) throw new Error(`waited in vain; events: ${this.events.join(' ')}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500)
        this.#wakeups.add(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  #wake(): void {
    for (const wakeup of this.#wakeups) wakeup()
    this.#wakeups.clear()
  }
}

/** Status of a response as octets. */
export function statusOf(octets: string): number {
  return Number(/^SIP\/2\.0 (\d{3}) /.exec(octets)?.[1])
}
