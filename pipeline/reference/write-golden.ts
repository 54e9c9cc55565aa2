import { writeFileSync } from 'node:fs'
import { generatedCase } from '../coco-cases.fixture.ts'
import { pycocotools } from '../coco-reference.fixture.ts'
import { generatedFrames } from '../kitti-cases.fixture.ts'
import { kittiReference } from '../kitti-reference.fixture.ts'

// Writes what the Python references say of the first generated cases, for `npm test` without Python. Needed when the
// cases change: `node pipeline/reference/write-golden.ts` after the set-up step python:eval, then Prettier.

const coco = pycocotools(Array.from({ length: 60 }, (_, number) => generatedCase(number)))
write('coco', coco)
write('kitti', kittiReference(Array.from({ length: 40 }, (_, number) => generatedFrames(number))))

function write(name: string, content: unknown): void {
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toFixed(9)) : value
  const path = new URL(`../${name}-golden.fixture.json`, import.meta.url)
  writeFileSync(path, `${JSON.stringify(content, rounded, 2)}\n`)
}
