import { StageError } from '#pipeline/stage-error.ts'

/** A line of a file that cannot be what it is to be: `label_2/000010.txt:3: 17 fields instead of 15`. */
export function invalidLine(file: string, line: number, sentence: string): StageError {
  return new StageError('input_invalid', `${file}:${line}: ${sentence}`)
}

export function invalidFile(file: string, sentence: string): StageError {
  return new StageError('input_invalid', `${file}: ${sentence}`)
}
