import { resolve } from 'node:path'
import { type CounterClipOptions, makeCounterClip } from './counter-clip.ts'

const photo = resolve(import.meta.dirname, '../../data/self-test/parkour.jpg')

export const panningSize = { width: 640, height: 360 } as const
/**
 * Pixels from one frame to the next: half of it is more than the 4.3 px by which YOLOX-nano strays from a person's
 * place at most, so that a single frame taken for its neighbour shows.
 */
export const panStepPx = 14
/** Frames from one end to the other: one person stays whole in view. */
const sweep = 15

/** Left edge of the window on the photo, by the number burnt into the frame: to and fro. */
export function panLeftPx(counter: number): number {
  const phase = counter % (2 * sweep)
  return panStepPx * (phase < sweep ? phase : 2 * sweep - phase)
}

/**
 * A camera that pans over a real photo of people, with the number of each frame burnt in: a box tells by its place
 * which frame it was found on, independently of every timestamp.
 */
export function makePanningClip(
  options: Pick<CounterClipOptions, 'profile' | 'frames'>,
): Promise<string> {
  const { width, height } = panningSize
  const phase = `mod(n\\,${2 * sweep})`
  const left = `${panStepPx}*(${sweep}-abs(${phase}-${sweep}))`
  return makeCounterClip({
    width,
    height,
    fps: 30,
    frames: options.frames ?? 300,
    profile: options.profile ?? 'main',
    gopSeconds: 1,
    input: ['-loop', '1', '-framerate', '30', '-i', photo],
    inputFilter: `crop=${width}:${height}:x=${left}:y=40`,
  })
}
