import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { FfmpegError } from './ffmpeg-error.ts'
import { ffmpegOfThisMachine } from './ffmpeg-of-this-machine.ts'
import { probeFfmpeg } from './probe-ffmpeg.ts'

let folder = ''
let ffmpegPath = ''
const common = { clock: systemClock, log: silentLog }

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-probe-'))
  ffmpegPath = await ffmpegOfThisMachine(process.env)
})
after(() => rm(folder, { recursive: true, force: true }))

/** The real program behind a script that changes its arguments. */
async function wrapper(name: string, lines: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `#!/bin/bash\n${lines}\n`)
  await chmod(path, 0o755)
  return path
}

const unfit = {
  'threads over frames and so keeps them back': (real: string) => `exec ${real} "\${@/%1/4}"`,
  're-times frames': (real: string) => `exec ${real} "\${@/1:1000/1:30}"`,
  'drops frames': (real: string) => `exec ${real} "\${@/#scale=/select=not(mod(n\\\\,2)),scale=}"`,
  'shows other pixels': (real: string) => `exec ${real} "\${@/#scale=/negate,scale=}"`,
  'ends at once': () => 'exit 0',
  'writes something else': () => 'echo hello; cat >/dev/null',
  'is not there': () => null,
} satisfies Record<string, (real: string) => string | null>

for (const [name, script] of Object.entries(unfit))
  test(`an FFmpeg that ${name} is unfit`, async () => {
    const lines = script(ffmpegPath)
    const path =
      lines === null ? join(folder, 'absent') : await wrapper(name.replaceAll(' ', '-'), lines)
    // Patience is long for loaded machines; nobody waits for it here.
    const hurried = {
      ...systemClock,
      after: (delayMs: number, run: () => void) => systemClock.after(delayMs / 5, run),
    }
    await assert.rejects(probeFfmpeg({ ...common, clock: hurried, ffmpegPath: path }), (error) => {
      assert.ok(error instanceof FfmpegError, String(error))
      assert.equal(error.code, 'ffmpeg_unfit')
      assert.ok(error.message.includes(path))
      return true
    })
  })

test('the FFmpeg of this machine is fit', async () => {
  await probeFfmpeg({ ...common, ffmpegPath })
})
