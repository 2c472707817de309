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
  readonly invokeId: number
  readonly class: OperationClass
  readonly timeoutMs: number
  /** Undefined until the component has left. */
  dueMs: number | undefined
}

const LOWEST_ID = -128
const HIGHEST_ID = 127

/** The invocations of one dialogue that wait for an answer (Q.774 §3.2.1.1): a short list, mostly of one. */
export class Invocations {
  #open: Invocation[] = []
  #next = 1

  get size(): number {
    return this.#open.length
  }

  /** Takes the next free id: 1, 2, 3 ... Throws RangeError when all 256 are taken. */
  add(operationClass: OperationClass, timeoutMs: number): number {
    if (this.#open.length > HIGHEST_ID - LOWEST_ID) throw new RangeError('all invoke ids are taken')
    while (this.#find(this.#next) !== undefined) this.#advance()
    const invokeId = this.#next
    this.#advance()
    // `concat` takes the room needed; an array that grows takes room for 17 at once.
    this.#open = this.#open.concat({ invokeId, class: operationClass, timeoutMs, dueMs: undefined })
    return invokeId
  }

  #find(invokeId: number | undefined): Invocation | undefined {
    return this.#open.find((invocation) => invocation.invokeId === invokeId)
  }

  #forget(invokeId: number | undefined): void {
    this.#open = this.#open.filter((invocation) => invocation.invokeId !== invokeId)
  }

  #advance(): void {
    this.#next = this.#next === HIGHEST_ID ? LOWEST_ID : this.#next + 1
  }

  /** The components have left: their timers run from now. */
  sent(components: readonly Component[], nowMs: number): void {
    for (const { kind, invokeId } of components) {
      const invocation = kind === 'invoke' ? this.#find(invokeId) : undefined
      if (invocation !== undefined) invocation.dueMs = nowMs + invocation.timeoutMs
    }
  }

  /** The components did not leave, and will not. */
  dropped(components: readonly Component[]): void {
    for (const { kind, invokeId } of components) if (kind === 'invoke') this.#forget(invokeId)
  }

  /** The first and the last time at which one expires; Infinity and 0 when none runs. */
  dueTimes(): { readonly earliestMs: number; readonly latestMs: number } {
    let earliestMs = Number.POSITIVE_INFINITY
    let latestMs = 0
    for (const { dueMs } of this.#open) {
      if (dueMs === undefined) continue
      earliestMs = Math.min(earliestMs, dueMs)
      latestMs = Math.max(latestMs, dueMs)
    }
    return { earliestMs, latestMs }
  }

  /** Forgets those that are due. Class 2 to 4 end so without a word: only class 1 must be answered. */
  expire(nowMs: number): number[] {
    const isDue = ({ dueMs }: Invocation) => dueMs !== undefined && dueMs <= nowMs
    const due = this.#open.filter(isDue)
    if (due.length > 0) this.#open = this.#open.filter((invocation) => !isDue(invocation))
    return due.filter((invocation) => invocation.class === 1).map(({ invokeId }) => invokeId)
  }

  /** A component of the peer: what the user is told, and a reject where it does not fit. */
  receive(component: ReceivedComponent): IndicatedComponent {
    switch (component.kind) {
      case 'malformed': {
        const { invokeId, problem, fault } = component
        return { kind: 'localReject', invokeId, problem, fault }
      }
      case 'invoke':
        if (component.linkedId !== undefined && this.#find(component.linkedId) === undefined)
          return refused(component.invokeId, 'invoke', InvokeProblem.unrecognizedLinkedId)
        return component
      case 'reject':
        this.#forget(component.invokeId)
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
    const invocation = this.#find(component.invokeId)
    const type = event === 'error' ? 'returnError' : 'returnResult'
    const problems = event === 'error' ? ReturnErrorProblem : ReturnResultProblem
    if (invocation === undefined) return refused(component.invokeId, type, problems.unrecognizedInvokeId)
    const step = INVOCATION_TABLE[invocation.class][event]
    if (step !== 'deliver') this.#forget(component.invokeId)
    if (step !== 'unexpected') return component
    // Both problems of an unexpected answer have the value 1 (Q.773 §4.2.2.6).
    return refused(component.invokeId, type, ReturnResultProblem.returnResultUnexpected)
  }
}

function refused(invokeId: number, type: Problem['type'], code: number): IndicatedComponent {
  return { kind: 'localReject', invokeId, problem: { type, code } }
}
