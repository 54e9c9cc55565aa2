import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ModelCard, modelCardSchema } from '#gpu/model-card.ts'

export interface ModelFiles {
  readonly name: string
  readonly modelPath: string
  readonly cardPath: string
}

/** The same network under another name and with another checksum; `change` is what its card says otherwise. */
export async function makeModelVariant(
  from: Omit<ModelFiles, 'name'>,
  to: { readonly folder: string; readonly name: string },
  change: (card: ModelCard) => Partial<ModelCard> = () => ({}),
): Promise<ModelFiles> {
  const { folder, name } = to
  const card = modelCardSchema.parse(JSON.parse(await readFile(from.cardPath, 'utf8')))
  const bytes = Buffer.concat([await readFile(from.modelPath), metadataField('variant', name)])
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const file = `${name}.onnx`
  const prepared = { ...card.prepared, sha256, bytes: bytes.length }
  const files = { name, modelPath: join(folder, file), cardPath: join(folder, `${name}.json`) }
  await writeFile(files.modelPath, bytes)
  await writeFile(
    files.cardPath,
    JSON.stringify({ ...card, name, file, ...change(card), prepared }),
  )
  return files
}

/**
 * One more `metadata_props` entry (field 14 of onnx.ModelProto): protobuf messages that are written one after another
 * are read as one.
 */
function metadataField(key: string, value: string): Buffer {
  const entry = Buffer.concat([stringField(1, key), stringField(2, value)])
  return Buffer.concat([Buffer.from([(14 << 3) | 2, entry.length]), entry])
}

/** Short enough that its length is one byte. */
function stringField(number: number, value: string): Buffer {
  const text = Buffer.from(value)
  return Buffer.concat([Buffer.from([(number << 3) | 2, text.length]), text])
}
