import type { ImReceived } from '@ipsmgw/events'
import type { Policy } from '@ipsmgw/policy'

type ContentCheckSettings = NonNullable<Policy['contentCheck']>

/** What was said of a message: by the checker, or by default because it said nothing. */
export interface Checked {
  readonly verdict: 'deliver' | 'refuse'
  readonly by: 'checker' | 'default'
}

/** Longest answer that is read, octets. */
const MAXIMUM_ANSWER_OCTETS = 4_096

/**
 * Asks somebody else over HTTP whether a text may pass: POST with JSON, answered 200 with `{"verdict": "deliver"}` or
 * `"refuse"`. One silent checker holds up nobody but those who are asked about, for a bounded time and number.
 */
export class ContentCheck {
  readonly #fetch: typeof fetch
  #open = 0

  constructor(fetcher: typeof fetch = fetch) {
    this.#fetch = fetcher
  }

  /** Never rejects. `withinMs` is the most that the message can wait. */
  async ask(message: ImReceived, settings: ContentCheckSettings, withinMs: number): Promise<Checked> {
    if (this.#open >= settings.maximumOpen) return { verdict: settings.byDefault, by: 'default' }
    this.#open += 1
    try {
      const response = await this.#fetch(settings.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(question(message, settings)),
        redirect: 'error',
        signal: AbortSignal.timeout(Math.min(settings.timeoutMs, withinMs)),
      })
      const verdict = response.status === 200 ? verdictOf(await bounded(response)) : undefined
      return verdict === undefined
        ? { verdict: settings.byDefault, by: 'default' }
        : { verdict, by: 'checker' }
    } catch {
      return { verdict: settings.byDefault, by: 'default' }
    } finally {
      this.#open -= 1
    }
  }
}

/** The text, and the sender where the operator wants it told and the sender did not want to be hidden. */
function question({ messageId, text, sender, sip }: ImReceived, { tellSender }: ContentCheckSettings) {
  const named = tellSender && sender.anonymity === undefined ? (sender.asserted[0] ?? sender.from) : undefined
  return {
    messageId,
    peer: sip.peer,
    text,
    ...(named !== undefined && { sender: named.number ?? named.uri }),
  }
}

async function bounded(response: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > MAXIMUM_ANSWER_OCTETS) return ''
  }
  return text
}

function verdictOf(text: string): Checked['verdict'] | undefined {
  try {
    const { verdict } = JSON.parse(text) as { verdict?: unknown }
    return verdict === 'deliver' || verdict === 'refuse' ? verdict : undefined
  } catch {
    return undefined
  }
}
