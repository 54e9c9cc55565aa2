import { CodedError } from '#std/coded-error.ts'

export type ConfigCode = 'config_unreadable' | 'config_invalid' | 'access_control_missing'

/** A configuration that the server cannot start with; `message` names file, line, key and what is wrong. */
export class ConfigError extends CodedError<ConfigCode> {
  override readonly name = 'ConfigError'
}
