import assert from 'node:assert/strict'
import type { SippMessage } from '../interop/sip/sipp.ts'

const FIRST_NUMBER = 447700800000
const PHONES = 400

/** Messages whose texts are all different, spread over the lab's phones. */
export function differentMessages(count: number, text: (i: number) => string): SippMessage[] {
  return Array.from({ length: count }, (_, i) => ({ to: `+${FIRST_NUMBER + (i % PHONES)}`, text: text(i) }))
}

/** The phones of those messages take each SMS this late. */
export async function slowPhones(lab: string, delayMs: number): Promise<void> {
  for (let i = 0; i < PHONES; i++) {
    const response = await fetch(`${lab}/lab/subscribers/${FIRST_NUMBER + i}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ behaviour: 'reachable', delayMs }),
    })
    assert.ok(response.ok, `phone ${i}: ${response.status}`)
    await response.arrayBuffer()
  }
}

/** Fails unless each phone holds exactly the texts that were sent to it, once each and complete. */
export async function assertDelivered(lab: string, messages: readonly SippMessage[]): Promise<void> {
  const sent = Map.groupBy(messages, ({ to }) => to.slice(1))
  for (const [number, expected] of sent) {
    const response = await fetch(`${lab}/lab/phones/${number}/messages`)
    assert.equal(response.status, 200, `phone ${number}`)
    const held = (await response.json()) as { text: string }[]
    assert.deepEqual(
      held.map(({ text }) => text).sort(),
      expected.map(({ text }) => text).sort(),
      `texts on phone ${number}`,
    )
  }
}
