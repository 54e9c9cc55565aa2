import { resolve } from 'node:path'
import { StageError } from './stage-error.ts'

export type ArgumentValue = string | boolean | readonly (string | boolean)[] | undefined

/** What was typed after a stage's name. Each reader throws StageError `usage` with the option's name. */
export class StageArguments {
  readonly operands: readonly string[]
  readonly #values: Readonly<Record<string, ArgumentValue>>

  constructor(values: Readonly<Record<string, ArgumentValue>>, operands: readonly string[] = []) {
    this.#values = values
    this.operands = operands
  }

  isSet(name: string): boolean {
    return this.#values[name] === true
  }

  text(name: string): string | null {
    const value = this.#values[name]
    if (value === undefined) return null
    if (typeof value !== 'string' || value === '') throw usage(name, 'needs a value')
    return value
  }

  requiredText(name: string): string {
    const value = this.text(name)
    if (value === null) throw usage(name, 'is missing')
    return value
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name] ?? []
    const list = Array.isArray(value) ? value : [value]
    return list.map((each: string | boolean) => {
      if (typeof each !== 'string' || each === '') throw usage(name, 'needs a value')
      return each
    })
  }

  /** Absolute; null where it was not given. */
  path(name: string): string | null {
    const value = this.text(name)
    return value === null ? null : resolve(value)
  }

  requiredPath(name: string): string {
    return resolve(this.requiredText(name))
  }

  number(name: string, limits: { readonly min: number; readonly max: number }): number | null {
    const text = this.text(name)
    if (text === null) return null
    const value = Number(text)
    if (text.trim() === '' || !(value >= limits.min && value <= limits.max))
      throw usage(name, `must be a number from ${limits.min} to ${limits.max}, not ${text}`)
    return value
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice | null {
    const text = this.text(name)
    if (text === null) return null
    const found = choices.find((choice) => choice === text)
    if (found === undefined) throw usage(name, `must be ${choices.join(', ')}, not ${text}`)
    return found
  }
}

function usage(name: string, sentence: string): StageError {
  return new StageError('usage', `--${name} ${sentence}`)
}
