import { INVOCATION_TABLE, type InvocationEvent, type OperationClass } from './fsm.ts'
import {
  type Component,
  InvokeProblem,
  type Problem,
  type ReceivedComponent,
  ReturnErrorProblem,
  ReturnResultProblem,
} from './messages.ts'
import type { IndicatedComponent } from './user.ts'

interface Invocation {
  readonly class: OperationClass
  readonly timeoutMs: number
  /** Undefined until the component has left. */
  dueMs: number | undefined
}

const LOWEST_ID = -128
const HIGHEST_ID = 127

/** The invocations of one dialogue that wait for an answer (Q.774 §3.2.1.1). */
export class Invocations {
  readonly #open = new Map<number, Invocation>()
  #next = 1

  get size(): number {
    return this.#open.size
  }

  /** Takes the next free id: 1, 2, 3 ... Throws RangeError when all 256 are taken. */
  add(operationClass: OperationClass, timeoutMs: number): number {
    if (this.#open.size > HIGHEST_ID - LOWEST_ID) throw new RangeError('all invoke ids are taken')
    while (this.#open.has(this.#next)) this.#advance()
    const invokeId = this.#next
    this.#advance()
    this.#open.set(invokeId, { class: operationClass, timeoutMs, dueMs: undefined })
    return invokeId
  }

  #advance(): void {
    this.#next = this.#next === HIGHEST_ID ? LOWEST_ID : this.#next + 1
  }

  /** The components have left: their timers run from now. */
  sent(components: readonly Component[], nowMs: number): void {
    for (const { kind, invokeId } of components) {
      const invocation = kind === 'invoke' ? this.#open.get(invokeId as number) : undefined
      if (invocation !== undefined) invocation.dueMs = nowMs + invocation.timeoutMs
    }
  }

  /** The components did not leave, and will not. */
  dropped(components: readonly Component[]): void {
    for (const { kind, invokeId } of components) if (kind === 'invoke') this.#open.delete(invokeId as number)
  }

  /** The first and the last time at which one expires; Infinity and 0 when none runs. */
  dueTimes(): { readonly earliestMs: number; readonly latestMs: number } {
    let earliestMs = Number.POSITIVE_INFINITY
    let latestMs = 0
    for (const { dueMs } of this.#open.values()) {
      if (dueMs === undefined) continue
      earliestMs = Math.min(earliestMs, dueMs)
      latestMs = Math.max(latestMs, dueMs)
    }
    return { earliestMs, latestMs }
  }

  /** Forgets those that are due. Class 2 to 4 end so without a word: only class 1 must be answered. */
  expire(nowMs: number): number[] {
    const expired: number[] = []
    for (const [invokeId, { class: operationClass, dueMs }] of this.#open) {
      if (dueMs === undefined || dueMs > nowMs) continue
      this.#open.delete(invokeId)
      if (operationClass === 1) expired.push(invokeId)
    }
    return expired
  }

  /** A component of the peer: what the user is told, and a reject where it does not fit. */
  receive(component: ReceivedComponent): IndicatedComponent {
    switch (component.kind) {
      case 'malformed': {
        const { invokeId, problem, fault } = component
        return { kind: 'localReject', invokeId, problem, fault }
      }
      case 'invoke':
        if (component.linkedId !== undefined && !this.#open.has(component.linkedId))
          return refused(component.invokeId, 'invoke', InvokeProblem.unrecognizedLinkedId)
        return component
      case 'reject':
        if (component.invokeId !== undefined) this.#open.delete(component.invokeId)
        return component
      case 'returnError':
        return this.#answer(component, 'error')
      case 'returnResultLast':
        return this.#answer(component, 'resultLast')
      case 'returnResultNotLast':
        return this.#answer(component, 'resultNotLast')
    }
  }

  #answer(component: Component & { invokeId: number }, event: InvocationEvent): IndicatedComponent {
    const invocation = this.#open.get(component.invokeId)
    const type = event === 'error' ? 'returnError' : 'returnResult'
    const problems = event === 'error' ? ReturnErrorProblem : ReturnResultProblem
    if (invocation === undefined) return refused(component.invokeId, type, problems.unrecognizedInvokeId)
    const step = INVOCATION_TABLE[invocation.class][event]
    if (step !== 'deliver') this.#open.delete(component.invokeId)
    if (step !== 'unexpected') return component
    // Both problems of an unexpected answer have the value 1 (Q.773 §4.2.2.6).
    return refused(component.invokeId, type, ReturnResultProblem.returnResultUnexpected)
  }
}

function refused(invokeId: number, type: Problem['type'], code: number): IndicatedComponent {
  return { kind: 'localReject', invokeId, problem: { type, code } }
}
