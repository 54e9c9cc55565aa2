import type { Page } from 'playwright-core'
import { systemClock } from '#std/clock.ts'

/** A frame as `requestVideoFrameCallback` tells it, on the page's clock. */
export interface PresentedFrame {
  readonly rtpTimestamp: number
  /** It was given to the compositor. */
  readonly presentedAtMs: number
  /** It is expected to be visible. */
  readonly expectedDisplayAtMs: number
}

/** Before the page is opened: every frame of its first video is noted. */
export async function watchPresentedFrames(page: Page): Promise<void> {
  await page.addInitScript(`
    window.presented = []
    const note = (video) => video.requestVideoFrameCallback((_, frame) => {
      window.presented.push({
        rtpTimestamp: frame.rtpTimestamp,
        presentedAtMs: frame.presentationTime,
        expectedDisplayAtMs: frame.expectedDisplayTime,
      })
      note(video)
    })
    new MutationObserver((_, observer) => {
      const video = document.querySelector('video')
      if (video === null) return
      observer.disconnect()
      note(video)
    }).observe(document, { subtree: true, childList: true })
  `)
}

export function presentedFrames(page: Page): Promise<readonly PresentedFrame[]> {
  return page.evaluate<readonly PresentedFrame[]>('window.presented')
}

/** What turns the page's clock into this process's monotonic one: by the quickest of 50 round trips. */
export async function clockOffsetMs(page: Page): Promise<number> {
  let best = { tripMs: Infinity, offsetMs: 0 }
  for (let i = 0; i < 50; i++) {
    const beforeMs = systemClock.nowMs()
    const pageMs = await page.evaluate<number>('performance.now()')
    const afterMs = systemClock.nowMs()
    const tripMs = afterMs - beforeMs
    if (tripMs < best.tripMs) best = { tripMs, offsetMs: (beforeMs + afterMs) / 2 - pageMs }
  }
  return best.offsetMs
}
