import type { Model, PixelBatch } from './model.ts'
import { type SelfTestPaths, selfTestPicture, withSwappedColours } from './self-test-picture.ts'
import { judgeSelfTest, type SelfTestSuspect } from './self-test-verdict.ts'

export type SelfTestResult =
  | { readonly passed: true }
  | {
      readonly passed: false
      readonly suspect: SelfTestSuspect
      /** For the operator: what was found, and what is likely wrong. */
      readonly sentence: string
    }

/**
 * Sends a known picture the whole way (FFmpeg, the model's prologue, network, head, suppression) and compares with
 * the card's boxes. Catches what no checksum does: wrong scale, colour order or fit. Never throws for what it tests;
 * rejects where the model itself cannot run.
 */
export async function runSelfTest(model: Model, paths: SelfTestPaths): Promise<SelfTestResult> {
  const { card } = model
  const picture = await selfTestPicture(card, paths)
  if (picture.kind === 'missing')
    return { passed: false, suspect: picture.of, sentence: picture.sentence }
  const asIs = await detect(model, picture.batch)
  const swapped = await detect(model, withSwappedColours(picture.batch))
  const verdict = judgeSelfTest(card, { asIs, swapped })
  return verdict === null ? { passed: true } : { passed: false, ...verdict }
}

async function detect(model: Model, batch: PixelBatch): Promise<Float32Array> {
  const { detections } = await model.run(batch)
  return detections[0] ?? new Float32Array()
}
