import { createRequire } from 'node:module'

/** What is replaced in the library's request queue; its other members stay as they are. */
interface RequestQueue {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
}

interface RequestQueueClass {
  readonly prototype: RequestQueue & { scheduleCheckPendingRequests?(this: RequestQueue): void }
}

/** How soon waiting requests are looked at when no throttling says otherwise, as the library has it. */
const CHECK_EVERY_MS = 10

/**
 * The library's request queue (2.2.4) re-arms a timer of one millisecond for ever on each connection, and makes Node
 * warn of a negative timeout (F13). Only requests that wait need the timer: a response looks after the others.
 * Throws when the library is another one than was read.
 */
export function quietTimers(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/network/requestQueue') as RequestQueueClass
  if (typeof prototype.scheduleCheckPendingRequests !== 'function')
    throw new TypeError('kafkajs has changed: look at F13 in docs/protocols/kafka.md again')
  prototype.scheduleCheckPendingRequests = function schedule() {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return
    const throttledForMs = this.throttledUntil - Date.now()
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      throttledForMs > 0 ? throttledForMs : CHECK_EVERY_MS,
    )
  }
}
