import type { HeadBinding, OutputShape } from './head.ts'

/** The one output of a file, where it has `values` (null: any number) on `axis` of three. */
export function bindOnlyOutput(
  outputs: readonly OutputShape[],
  wanted: { readonly axis: 1 | 2; readonly values: number; readonly form: string },
): HeadBinding {
  const [output] = outputs
  if (output === undefined || outputs.length !== 1)
    return refused(`it has ${outputs.length} outputs (${describeOutputs(outputs)}), not one`)
  const values = output.dims[wanted.axis]
  if (output.dims.length === 3 && (values === wanted.values || values === null))
    return { kind: 'bound', names: [output.name] }
  return refused(`its output is ${describeDims(output.dims)}, not ${wanted.form}`)
}

/** Outputs by name, in this order; each with this number of values on its last axis, where one is named. */
export function bindNamedOutputs(
  outputs: readonly OutputShape[],
  wanted: readonly { readonly name: string; readonly values?: number }[],
): HeadBinding {
  for (const { name, values } of wanted) {
    const output = outputs.find((each) => each.name === name)
    if (output === undefined)
      return refused(`it has no output “${name}”; it has ${describeOutputs(outputs)}`)
    const last = output.dims.at(-1)
    if (values !== undefined && last !== values && last !== null)
      return refused(
        `its output “${name}” is ${describeDims(output.dims)}, not ${values} on the last axis`,
      )
  }
  return { kind: 'bound', names: wanted.map(({ name }) => name) }
}

export function refused(sentence: string): HeadBinding {
  return { kind: 'refused', sentence }
}

/** `labels [N, 300], boxes [N, 300, 4]` */
export function describeOutputs(outputs: readonly OutputShape[]): string {
  return outputs.map(({ name, dims }) => `${name} ${describeDims(dims)}`).join(', ')
}

/** `[1, 84, ?]` */
export function describeDims(dims: readonly (number | null)[]): string {
  return `[${dims.map((dim) => dim ?? '?').join(', ')}]`
}
