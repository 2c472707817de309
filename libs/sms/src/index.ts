export { MAX_ALPHANUMERIC_CHARACTERS, readAddress, toAlphanumeric, writeAddress } from './address.ts'
export { type ChoiceOptions, chooseEncoding, type TextPlan } from './choice.ts'
export { alphabetOf, type DataCodingScheme, dataCodingFor, readDataCoding } from './data-coding.ts'
export { decodeDeliver, encodeDeliver, MAX_DELIVER_OCTETS } from './deliver.ts'
export { type DeliverMessageInput, type EncodedMessage, encodeDeliverMessage } from './deliver-message.ts'
export {
  type DeliverReportReading,
  decodeDeliverReport,
  encodeDeliverReport,
  readDeliverReport,
} from './deliver-report.ts'
export { type FailureCause, type FailureOutcome, readFailureCause } from './failure-cause.ts'
export { decodeGsm7, encodeGsm7, hasLockingTable } from './gsm7/alphabet.ts'
export { packedOctets, packSeptets, unpackSeptets } from './gsm7/packing.ts'
export { Language } from './gsm7/tables.ts'
export * from './messages.ts'
export { addressText, originatorOctets, withOriginator } from './originator.ts'
export {
  type ConcatenationReference,
  DEFAULT_MAX_PARTS,
  type PreparedMessage,
  type PrepareOptions,
  prepareData,
  prepareText,
  type UnpreparedMessage,
} from './prepare.ts'
export { type ProtocolIdentifier, readProtocolIdentifier } from './protocol-identifier.ts'
export { type MessageContent, Reassembler, type ReassemblerOptions, type Reassembly } from './reassembler.ts'
export { formatServiceCentreTime, ServiceCentreClock } from './scts.ts'
export { transliterate } from './transliteration.ts'
export {
  concatenationElement,
  ElementId,
  type HeaderReading,
  interpretHeader,
  portsElement,
  shiftElement,
} from './user-data-header.ts'
