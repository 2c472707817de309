import { Agent, request } from 'node:https'

/** A Kubernetes object as far as tests look into it. */
export interface Stored {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[]
  }
  // biome-ignore lint/suspicious/noExplicitAny: tests walk into specs of a dozen kinds
  readonly spec?: any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly status?: any
}

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: an object, a list, or the server's words
  readonly body: any
  /** What the server has to say about an object that it accepts all the same. */
  readonly warnings: readonly string[]
}

/** A kind that the server knows, by its discovery. */
export interface Resource {
  readonly apiVersion: string
  readonly kind: string
  /** As paths name it: `statefulsets`. */
  readonly name: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
}

const WARNING = /^299 \S+ "(.*)"$/
const MERGE_PATCH = 'application/merge-patch+json'

/** Speaks to an API server over HTTPS, as one user. */
export class Api {
  readonly #url: string
  readonly #token: string
  readonly #agent: Agent
  #resources: Promise<readonly Resource[]> | undefined

  constructor(url: string, { ca, token }: { readonly ca: Buffer; readonly token: string }) {
    this.#url = url
    this.#token = token
    this.#agent = new Agent({ ca, keepAlive: true })
  }

  /** Any call; an answer of an error is returned, not thrown. */
  call(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': contentType }
    return new Promise((resolve, reject) => {
      const sent = request(`${this.#url}${path}`, { method, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const isJson = /json/.test(response.headers['content-type'] ?? '')
          resolve({
            status: response.statusCode ?? 0,
            body: isJson ? JSON.parse(text) : text,
            warnings: warningsOf(response.rawHeaders),
          })
        })
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  /** As `call`; throws with the server's words when it refuses. */
  async demand(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer> {
    const answer = await this.call(method, path, body, contentType)
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.body?.message ?? answer.body}`)
    return answer
  }

  async get(path: string): Promise<Stored> {
    return (await this.demand('GET', path)).body
  }

  async list(path: string): Promise<readonly Stored[]> {
    return (await this.demand('GET', path)).body.items
  }

  merge(path: string, patch: unknown): Promise<Answer> {
    return this.demand('PATCH', path, patch, MERGE_PATCH)
  }

  /** Where objects of a kind are made; a namespace is used only for kinds that live in one. */
  async pathOf(apiVersion: string, kind: string, namespace: string): Promise<string> {
    const found = (await this.resources()).find((it) => it.apiVersion === apiVersion && it.kind === kind)
    if (found === undefined) throw new Error(`the server knows no ${apiVersion} ${kind}`)
    return collection(found, namespace)
  }

  /** Every kind that can be listed or made; asked for once. */
  resources(): Promise<readonly Resource[]> {
    this.#resources ??= this.#discover()
    return this.#resources
  }

  /** After definitions of further kinds. */
  forgetResources(): void {
    this.#resources = undefined
  }

  close(): void {
    this.#agent.destroy()
  }

  async #discover(): Promise<readonly Resource[]> {
    const { body } = await this.demand('GET', '/apis')
    const versions: string[] = body.groups.flatMap(({ versions }: { versions: { groupVersion: string }[] }) =>
      versions.map(({ groupVersion }) => groupVersion),
    )
    const lists = await Promise.all(
      ['v1', ...versions].map(async (apiVersion) => {
        const { body } = await this.demand('GET', base(apiVersion))
        const resources = body.resources as Omit<Resource, 'apiVersion'>[]
        return resources
          .filter(({ name }) => !name.includes('/'))
          .map((resource): Resource => ({ ...resource, apiVersion }))
      }),
    )
    return lists.flat()
  }
}

const base = (apiVersion: string) => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`)

export const collection = ({ apiVersion, name, namespaced }: Resource, namespace: string) =>
  `${base(apiVersion)}${namespaced ? `/namespaces/${namespace}` : ''}/${name}`

/** The header may come many times, which `headers` would join. */
function warningsOf(raw: readonly string[]): string[] {
  return raw
    .filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === 'warning')
    .map((value) => WARNING.exec(value)?.[1]?.replace(/\\(.)/g, '$1') ?? value)
}
