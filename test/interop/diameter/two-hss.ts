import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Application, DiameterNode, type NodeEvent } from '@ipsmgw/diameter'
import { buildQueries, type Queries } from '@ipsmgw/hss-routing'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { eventually } from '../../support/eventually.ts'
import { freePort, type RunningProcess, startProcess } from '../../support/processes.ts'

const REALM = 'lab.invalid'
const FIRST = 'hss1.lab.invalid'
const SECOND = 'hss2.lab.invalid'
const PROGRAM = fileURLToPath(new URL('hss-process.ts', import.meta.url))

/** Shorter than any operator's, so that the suite does not wait for minutes; its proportions are the standard's. */
const WATCHDOG_MS = 2_000
/** The defaults of the product. */
const ATTEMPT_MS = 1_500
const BUDGET_MS = 4_000
/** The machine may be busy with other things. */
const SLACK_MS = 500
const LOOKUPS_PER_SECOND = 200

interface Lookup {
  readonly startedAtMs: number
  readonly durationMs: number
  /** Who answered; undefined: nobody. */
  readonly by: string | undefined
}

function hss(identity: string, port: number): Promise<RunningProcess> {
  return startProcess(process.execPath, [PROGRAM, identity, REALM, String(port)], {
    readyWhen: /HSS listens/,
  })
}

/** Routing before two HSSs behind one realm, each in a process of its own: the first is the one that fails. */
export class TwoHsss {
  readonly #events: (NodeEvent & { readonly atMs: number })[] = []
  readonly #running = new Map<string, RunningProcess>()
  readonly #ports = new Map<string, number>()
  #node: DiameterNode | undefined
  #queries: Queries | undefined

  async start(): Promise<void> {
    for (const identity of [FIRST, SECOND]) {
      const port = await freePort()
      this.#ports.set(identity, port)
      this.#running.set(identity, await hss(identity, port))
    }
    const peers = [...this.#ports].map(([identity, port]) => ({
      ...{ identity, host: '127.0.0.1', port, realms: [REALM] },
    }))
    const node = new DiameterNode(
      {
        originHost: 'gw.lab.invalid',
        originRealm: REALM,
        applications: [Application.S6C],
        peers,
        timers: { watchdogMs: WATCHDOG_MS, watchdogJitterMs: 0, reconnectMs: 100, reconnectMaximumMs: 500 },
      },
      { onEvent: (event) => this.#events.push({ ...event, atMs: performance.now() }) },
    )
    this.#node = node
    await node.start()
    this.#queries = buildQueries(
      {
        routing: {
          hssRealm: REALM,
          serviceCentre: '882990000000',
          ownNumbers: [],
          protocols: ['s6c'],
          withoutNumber: 'imsi',
          tellSender: false,
          sh: {
            cacheEntries: 1,
            cacheMs: 0,
            negativeCacheMs: 0,
            subscribe: false,
            subscriptionMs: 60_000,
            userState: false,
          },
          preference: ['mme'],
          mapRealms: [],
          singleAttempt: true,
          reportMaximumAgeMs: 60_000,
          attemptMs: ATTEMPT_MS,
          budgetMs: BUDGET_MS,
          maximumInFlight: 1_000,
        },
      },
      { diameter: { node, originHost: 'gw.lab.invalid' }, sigtran: undefined },
      {
        registry: createRegistry('test', 'test'),
        logger: createLogger({ service: 'test', level: 'silent' }),
      },
    )
    await eventually(
      async () => node.peers().every(({ state }) => state === 'iOpen'),
      'both HSSs are connected',
    )
  }

  async stop(): Promise<void> {
    await this.#node?.stop()
    for (const process of this.#running.values()) {
      process.child.kill('SIGCONT')
      await process.stop('SIGKILL')
    }
  }

  /** Where the first HSS listens. */
  get port(): number {
    return this.#ports.get(FIRST) ?? 0
  }

  signal(signal: NodeJS.Signals): void {
    this.#running.get(FIRST)?.child.kill(signal)
  }

  async kill(): Promise<void> {
    await this.#running.get(FIRST)?.stop('SIGKILL')
  }

  async startAgain(): Promise<void> {
    this.#running.set(FIRST, await hss(FIRST, this.port))
  }

  /** Asks at a steady rate until told to stop. */
  #load(): { stop(): Promise<readonly Lookup[]> } {
    const lookups: Promise<Lookup>[] = []
    let stopped = false
    const ask = async (): Promise<Lookup> => {
      const startedAtMs = performance.now()
      const answer = await this.#queries?.route({ number: '+15550001042' }, BUDGET_MS)
      const by = answer?.kind === 'routed' ? answer.peer : undefined
      return { startedAtMs, durationMs: performance.now() - startedAtMs, by }
    }
    const pace = (async () => {
      for (let tick = performance.now(); !stopped; tick += 1_000 / LOOKUPS_PER_SECOND) {
        lookups.push(ask())
        await delay(Math.max(0, tick - performance.now()))
      }
    })()
    return {
      async stop() {
        stopped = true
        await pace
        return Promise.all(lookups)
      },
    }
  }

  #eventOf(kind: NodeEvent['kind'], sinceMs: number) {
    return this.#events.find((event) => event.kind === kind && event.peer === FIRST && event.atMs >= sinceMs)
  }

  #sent(): number {
    return this.#node?.peers()[0]?.sent ?? 0
  }

  /** Runs the load through a failure and the return from it, and judges every lookup. */
  async throughFailure(fail: () => Promise<unknown> | unknown, restore: () => Promise<unknown> | unknown) {
    const begunAtMs = performance.now()
    const sentBefore = this.#sent()
    const traffic = this.#load()
    await eventually(async () => this.#sent() > sentBefore + 100, 'the first HSS takes its share')
    const failedAtMs = performance.now()
    await fail()
    await eventually(
      async () => this.#eventOf('peerDown', failedAtMs) !== undefined,
      'the peer is given up',
      20_000,
    )
    await restore()
    await eventually(
      async () => this.#eventOf('failback', failedAtMs) !== undefined,
      'traffic may return',
      30_000,
    )
    const backAtMs = this.#eventOf('failback', failedAtMs)?.atMs ?? 0
    await delay(1_000)
    const lookups = await traffic.stop()
    const upAtMs = this.#eventOf('peerUp', this.#eventOf('peerDown', failedAtMs)?.atMs ?? 0)?.atMs ?? 0

    assert.deepEqual(
      lookups.filter(({ by }) => by === undefined),
      [],
      'every lookup is answered',
    )
    const slowest = Math.max(...lookups.map(({ durationMs }) => durationMs))
    assert.ok(slowest <= ATTEMPT_MS + SLACK_MS, `the slowest lookup took ${Math.round(slowest)} ms`)
    const byFirst = (fromMs: number, toMs: number) =>
      lookups.filter((it) => it.by === FIRST && it.startedAtMs >= fromMs && it.startedAtMs < toMs).length
    assert.ok(byFirst(begunAtMs, failedAtMs) > 0)
    assert.equal(byFirst(upAtMs, backAtMs), 0, 'nothing goes there before it has proved itself')
    assert.ok(byFirst(backAtMs, Number.POSITIVE_INFINITY) > 0, 'it takes its share again')
    // The first DWR leaves at once, the two others each a Tw later.
    assert.ok(
      backAtMs - upAtMs >= 2 * WATCHDOG_MS - SLACK_MS,
      `back after ${Math.round(backAtMs - upAtMs)} ms`,
    )
  }
}
