import { invalidLine } from './dataset-error.ts'

/**
 * Frame -> drive, from the devkit's two files. `train_mapping.txt` names date, drive and frame of each picture that the
 * benchmark was drawn from, one a line; `train_rand.txt` is the order in which they were drawn: its i-th number (from
 * 1) is the line of frame i. Throws StageError `input_invalid` with file and line.
 */
export function drivesOf(mapping: string, drawn: string): ReadonlyMap<string, string> {
  const drives = mapping
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      const [, drive, frame] = line.trim().split(/\s+/)
      if (drive === undefined || frame === undefined || !/_drive_\d+/.test(drive))
        throw invalidLine('train_mapping.txt', index + 1, 'no date, drive and frame')
      return drive
    })
  const order = drawn.split(/[\s,]+/).filter((word) => word !== '')
  const groups = new Map<string, string>()
  const seen = new Set<number>()
  for (const [frame, word] of order.entries()) {
    const line = Number(word)
    const drive = Number.isInteger(line) ? drives[line - 1] : undefined
    if (drive === undefined)
      throw invalidLine('train_rand.txt', frame + 1, `“${word}” is no line of train_mapping.txt`)
    if (seen.has(line)) throw invalidLine('train_rand.txt', frame + 1, `${word} is there twice`)
    seen.add(line)
    groups.set(String(frame).padStart(6, '0'), drive)
  }
  return groups
}
