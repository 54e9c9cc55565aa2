import type { DecodeGeometry } from './decoder.ts'

/**
 * The command line that decodes with the least delay: FLV on stdin, NUT with raw pictures on stdout, one in, one
 * out. What each flag is for (measured with FFmpeg 5.1 and 7.0):
 * - `-flags low_delay` and `-threads 1` before `-i`: frame threading of the decoder costs a frame a thread.
 * - `-probesize 32 -analyzeduration 0`: else it waits for more input; `-fflags nobuffer` would lose the first GOP.
 * - `-fps_mode passthrough` (FFmpeg 5.1 on): no frame doubled or dropped to please a rate.
 * - `-enc_time_base 1:1000`: else times are rounded to frame numbers; the counter is the time.
 * - `-threads 1` after `-i`: the raw video encoder is frame-threaded too.
 * - `-syncpoints none -strict -2`: a NUT without syncpoints is still called experimental.
 */
export function decodeArguments(geometry: DecodeGeometry): readonly string[] {
  const words = [
    '-hide_banner -nostats -loglevel error',
    '-flags low_delay -probesize 32 -analyzeduration 0 -threads 1 -f flv -i pipe:0',
    '-fps_mode passthrough -enc_time_base 1:1000 -filter_threads 1',
    `-c:v rawvideo -threads 1 -pix_fmt ${geometry.pixelFormat}`,
    '-f nut -syncpoints none -strict -2',
  ]
  // The filter is one word whatever it holds.
  return [...words.flatMap((line) => line.split(' ')), '-vf', geometry.filter, 'pipe:1']
}
