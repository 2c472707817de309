export { type AnswerDetail, type AnswerOptions, answerFor } from './answer.ts'
export {
  causeOfForward,
  causeOfRouting,
  causeOfServiceData,
  DELIVERY_FAILURE_CAUSES,
  type DiameterResult,
} from './diameter.ts'
export { homeOutcomeOf, type NodeEnding } from './home-outcome.ts'
export { causeOfMapForward, causeOfMapRouting, type MapVerdict } from './map.ts'
export {
  CAUSES,
  type Cause,
  type CauseRow,
  causeNamed,
  causeRow,
  DEFAULT_CAUSE,
  type ForwardOutcome,
  type GatewayAction,
} from './table.ts'
