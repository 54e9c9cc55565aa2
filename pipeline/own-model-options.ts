import type { ModelInput } from '#gpu/model-card.ts'
import { headFamilies } from './guess-head.ts'
import { PrepareError } from './prepare-error.ts'
import type { OwnModel } from './prepare-own-model.ts'
import type { StageArguments } from './stage-arguments.ts'
import type { StageOption } from './stage.ts'

/** What can be said of a file of one's own. */
export const ownModelOptions: Readonly<Record<string, StageOption>> = {
  model: {
    type: 'string',
    value: 'FILE.onnx',
    help: 'a file of your own instead of the catalogue',
  },
  name: { type: 'string', value: 'NAME', help: 'what it is to be called; by default as the file' },
  head: { type: 'string', value: headFamilies.join('|'), help: 'which head reads its outputs' },
  classes: {
    type: 'string',
    value: 'coco80|coco91|FILE',
    help: 'names of its classes; coco91: the network counts by COCO ids 1..90',
  },
  size: {
    type: 'string',
    value: 'SIDE|WxH',
    help: 'of a file that takes any: the long side (rectangular), or width x height',
  },
  card: {
    type: 'string',
    value: 'FILE.json',
    help: 'any part of the card that the file does not tell',
  },
  'accept-implausible': {
    type: 'boolean',
    help: 'take it also where the photo of the self-test speaks against it',
  },
}

/** null: no file was given. Throws StageError or PrepareError `usage`. */
export function readOwnModelOptions(given: StageArguments): OwnModel | null {
  const path = given.path('model')
  if (path !== null)
    return {
      path,
      name: given.text('name'),
      head: given.oneOf('head', headFamilies),
      classes: given.text('classes'),
      size: sizeOf(given.text('size')),
      cardPath: given.path('card'),
      implausible: given.isSet('accept-implausible') ? 'accepted' : 'refused',
    }
  const alone = Object.entries(ownModelOptions).find(([name, { type }]) =>
    type === 'boolean' ? given.isSet(name) : given.text(name) !== null,
  )?.[0]
  if (alone === undefined) return null
  throw new PrepareError('usage', `--${alone} is of a file of your own: give --model FILE.onnx`)
}

function sizeOf(text: string | null): ModelInput['size'] | null {
  if (text === null) return null
  const [, first, second] = /^(\d{2,4})(?:x(\d{2,4}))?$/.exec(text) ?? []
  if (first === undefined)
    throw new PrepareError('usage', `--size ${text}: give 640 (the long side) or 640x384`)
  if (second === undefined) return { longSide: Number(first) }
  return { width: Number(first), height: Number(second) }
}
