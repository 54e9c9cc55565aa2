const animals = [
  'bird',
  'cat',
  'dog',
  'horse',
  'sheep',
  'cow',
  'elephant',
  'bear',
  'zebra',
  'giraffe',
]

const colourOfLabel: ReadonlyMap<string, number> = new Map([
  ['person', 1],
  ['car', 2],
  ['bicycle', 3],
  ['truck', 4],
  ...animals.map((label): [string, number] => [label, 5]),
  ['bus', 6],
  ['motorcycle', 7],
])

const others = 8

/** Which of `--box-1` to `--box-8` a class has: the same in every camera and session. */
export function classColour(label: string): number {
  return colourOfLabel.get(label) ?? others
}
