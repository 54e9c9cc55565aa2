import { writeFileSync } from 'node:fs'
import { generatedCase } from '../coco-cases.fixture.ts'
import { pycocotools } from '../coco-reference.fixture.ts'

// Writes what pycocotools says of the first 60 generated cases, for `npm test` without Python. Needed when the cases
// change: `node pipeline/reference/write-coco-golden.ts`, after the set-up step python:eval.

const rounded = (values: readonly number[]): number[] => values.map((value) => +value.toFixed(9))
const rows = pycocotools(Array.from({ length: 60 }, (_, number) => generatedCase(number))).map(
  ({ stats, ap, ap50 }) =>
    JSON.stringify({ stats: rounded(stats), ap: rounded(ap), ap50: rounded(ap50) }),
)
const path = new URL('../coco-golden.fixture.json', import.meta.url)
writeFileSync(path, `[\n${rows.join(',\n')}\n]\n`)
