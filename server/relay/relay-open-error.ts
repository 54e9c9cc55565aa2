import { CodedError } from '#std/coded-error.ts'

export type RelayOpenCode = 'worker_missing' | 'worker_failed' | 'port_in_use' | 'address_unusable'

/** Why the relay cannot start: one sentence for the operator. */
export class RelayOpenError extends CodedError<RelayOpenCode> {
  override readonly name = 'RelayOpenError'
}
