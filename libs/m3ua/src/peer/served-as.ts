import type { Clock } from '@ipsmgw/sctp'
import { NotifyStatus, type OutgoingMessage, TrafficMode } from '../messages.ts'
import type { ProtocolData } from '../parameters.ts'
import {
  AS_TABLE,
  type AsEffect,
  type AsEvent,
  type AsState,
  SERVED_ASP_TABLE,
  type ServedAspEffect,
  type ServedAspEvent,
  type ServedAspState,
} from '../sgp-fsm.ts'
import type { ServedAsOptions } from './server-types.ts'

/** An ASP as its application server sees it. */
export interface Member {
  readonly identifier: number | undefined
  send(message: OutgoingMessage): void
  /** False: it does not read fast enough. */
  transfer(data: ProtocolData, routingContext: number): boolean
}

export interface ServedAsDependencies {
  readonly clock: Clock
  readonly recoveryMs: number
  readonly mostPending: number
  readonly onAvailability: (available: boolean) => void
  readonly onDropped: (reason: 'noActiveAsp' | 'pendingOverflow', count: number) => void
}

/** One application server at the SGP: the states of its ASPs, its own state, and who gets a message. */
export class ServedAs {
  readonly options: ServedAsOptions
  readonly #dependencies: ServedAsDependencies
  readonly #members = new Map<Member, ServedAspState>()
  #state: AsState = 'down'
  #pending: ProtocolData[] = []
  #cancelRecovery: (() => void) | undefined

  constructor(options: ServedAsOptions, dependencies: ServedAsDependencies) {
    this.options = options
    this.#dependencies = dependencies
  }

  get state(): AsState {
    return this.#state
  }

  get mode(): TrafficMode {
    return this.options.trafficMode ?? TrafficMode.loadshare
  }

  admits({ identifier }: Member): boolean {
    const { aspIdentifiers } = this.options
    return aspIdentifiers === undefined || (identifier !== undefined && aspIdentifiers.includes(identifier))
  }

  stateOf(member: Member): ServedAspState {
    return this.#members.get(member) ?? 'down'
  }

  /** Runs `SERVED_ASP_TABLE` for one ASP; gives what the ASP is to be answered. Follow with `update`. */
  handle(member: Member, event: ServedAspEvent): readonly ServedAspEffect[] {
    const { next, effects } = SERVED_ASP_TABLE[this.stateOf(member)][event]
    if (next === 'down') this.#members.delete(member)
    else this.#members.set(member, next)
    if (event === 'aspActive' && next === 'active' && this.mode === TrafficMode.override)
      this.#takeOver(member)
    return effects
  }

  #takeOver(winner: Member): void {
    for (const [member, state] of this.#members) {
      if (member === winner || state !== 'active') continue
      this.handle(member, 'takenOver')
      this.#notify('alternateAspActive', [member])
    }
  }

  /** Brings the state of the application server in line with its ASPs, after the answers went out. */
  update(changed?: Member): void {
    const states = [...this.#members.values()]
    const before = this.#state
    this.#apply(states.includes('active') ? 'someActive' : states.length > 0 ? 'noneActive' : 'allDown')
    if (before === this.#state && changed !== undefined && this.stateOf(changed) === 'inactive')
      this.#notify(STATUS_OF[this.#state], [changed])
  }

  /** Hands a message to an active ASP, or keeps it while the last one may come back. */
  deliver(data: ProtocolData): boolean {
    if (this.#state === 'active') return this.#forward(data)
    if (this.#state !== 'pending') return false
    if (this.#pending.length < this.#dependencies.mostPending) this.#pending.push(data)
    else this.#dependencies.onDropped('pendingOverflow', 1)
    return true
  }

  #forward(data: ProtocolData): boolean {
    const active = [...this.#members].filter(([, state]) => state === 'active').map(([member]) => member)
    const { routingContext } = this.options
    if (this.mode === TrafficMode.broadcast)
      return active.map((it) => it.transfer(data, routingContext)).some((sent) => sent)
    const member = active[data.sls % active.length]
    return member?.transfer(data, routingContext) ?? false
  }

  #apply(event: AsEvent): void {
    const { next, effects } = AS_TABLE[this.#state][event]
    this.#state = next
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: AsEffect): void {
    const { clock, recoveryMs, onAvailability } = this.#dependencies
    switch (effect) {
      case 'notifyActive':
        this.#notify('asActive')
        break
      case 'notifyInactive':
        this.#notify('asInactive')
        break
      case 'notifyPending':
        this.#notify('asPending')
        break
      case 'startR':
        this.#cancelRecovery = clock.after(recoveryMs, () =>
          this.#apply(this.#members.size > 0 ? 'timerR' : 'timerRAllDown'),
        )
        break
      case 'stopR':
        this.#cancelRecovery?.()
        break
      case 'flush':
        for (const data of this.#takePending()) this.#forward(data)
        break
      case 'discard':
        this.#dependencies.onDropped('noActiveAsp', this.#takePending().length)
        break
      case 'reportAvailable':
      case 'reportUnavailable':
        onAvailability(effect === 'reportAvailable')
    }
  }

  #takePending(): ProtocolData[] {
    const pending = this.#pending
    this.#pending = []
    return pending
  }

  #notify(status: NotifyStatus, to: Iterable<Member> = this.#members.keys()): void {
    const parameters = { status: NotifyStatus[status], routingContexts: [this.options.routingContext] }
    for (const member of to) member.send({ name: 'NTFY', parameters })
  }

  close(): void {
    this.#cancelRecovery?.()
  }
}

const STATUS_OF: Readonly<Record<AsState, NotifyStatus>> = {
  down: 'asInactive',
  inactive: 'asInactive',
  active: 'asActive',
  pending: 'asPending',
}
