import { setTimeout as delay } from 'node:timers/promises'

/** Asks again and again until there is something, at most `timeoutMs`; throws what was waited for. */
export async function eventually<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  timeoutMs = 10_000,
): Promise<T> {
  const until = performance.now() + timeoutMs
  for (;;) {
    const found = await ask()
    if (found !== undefined && found !== false) return found
    if (performance.now() >= until) throw new Error(`not in ${timeoutMs} ms: ${what}`)
    await delay(20)
  }
}
