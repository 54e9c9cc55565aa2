import { parseArgs } from 'node:util'
import { messageOf } from '#std/coded-error.ts'
import { type ArgumentValue, StageArguments } from './stage-arguments.ts'
import { StageError } from './stage-error.ts'
import type { Stage, StageOption } from './stage.ts'

/** What every stage takes. */
export const commonOptions: Readonly<Record<string, StageOption>> = {
  in: { type: 'string', value: 'PATH', help: 'what the stage reads' },
  out: { type: 'string', value: 'DIR', help: 'where it writes' },
  config: { type: 'string', value: 'FILE', help: 'a YAML file with its settings' },
  json: { type: 'boolean', help: 'print one JSON document on stdout, and nothing else' },
  quiet: { type: 'boolean', help: 'no progress on stderr' },
  yes: { type: 'boolean', help: 'answer every question with yes' },
  help: { type: 'boolean', help: 'print this' },
}

/** What was typed after the stage's name. Throws StageError `usage`. */
export function parseStageArguments(stage: Stage, typed: readonly string[]): StageArguments {
  const options = { ...commonOptions, ...stage.options }
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple, default: value }]) => [
      name,
      {
        type,
        ...(multiple !== undefined && { multiple }),
        ...(value !== undefined && { default: value }),
      },
    ]),
  )
  try {
    const { values, positionals } = parseArgs({
      args: [...typed],
      options: config,
      allowPositionals: stage.operands !== undefined,
      strict: true,
    })
    const entries: Readonly<Record<string, ArgumentValue>> = { ...values }
    return new StageArguments(entries, positionals)
  } catch (cause) {
    // parseArgs explains how to write a positional that begins with a dash: nobody means that here.
    const sentence = messageOf(cause).split('. To specify')[0] ?? ''
    throw new StageError('usage', `${stage.name}: ${sentence}`, { cause })
  }
}

export function stageHelp(stage: Stage): string {
  const synopsis = ['npm run pipeline --', stage.name, stage.operands ?? '', '[options]']
  return [
    `${stage.name}: ${stage.summary}`,
    '',
    `usage: ${synopsis.filter((part) => part !== '').join(' ')}`,
    '',
    ...optionLines({ ...stage.options, ...commonOptions }),
    '',
    exitCodes,
  ].join('\n')
}

export function listHelp(summaries: readonly (readonly [name: string, summary: string])[]): string {
  const width = Math.max(...summaries.map(([name]) => name.length))
  return [
    'usage: npm run pipeline -- STAGE [options]     (STAGE --help tells its options)',
    '',
    ...summaries.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    exitCodes,
  ].join('\n')
}

const exitCodes =
  'Exit codes: 0 done, 1 a check that the stage makes does not hold, 2 bad input or usage, 130 interrupted.'

function optionLines(options: Readonly<Record<string, StageOption>>): readonly string[] {
  const rows = Object.entries(options).map(([name, { value, help, default: preset }]) => [
    `--${name}${value === undefined ? '' : ` ${value}`}`,
    preset === undefined ? help : `${help} (${preset})`,
  ])
  const width = Math.max(...rows.map(([left]) => left?.length ?? 0))
  return rows.map(([left = '', right = '']) => `  ${left.padEnd(width)}  ${right}`)
}
