import { CodedError } from '#std/coded-error.ts'

/** Why the registry of models could not do what was asked. */
export class RegistryError extends CodedError<
  | 'model_unknown'
  | 'version_unknown'
  | 'alias_unset'
  /** A name, an alias or a metric that no registry takes. */
  | 'name_invalid'
  /** The bytes are not those that the version names. */
  | 'model_altered'
  /** What it keeps is not what it wrote. */
  | 'registry_invalid'
  | 'registry_unreachable'
  /** It is there, and says no. */
  | 'registry_refused'
> {
  override readonly name = 'RegistryError'
}
