import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { findBrowser } from './find-browser.ts'

/** A real Chromium with a profile of its own; disposing ends its processes and removes the profile. */
export interface TestBrowser extends AsyncDisposable {
  readonly context: BrowserContext
  readonly userDataDir: string
  /** For example `156.0.8078.79`. */
  readonly version: string
  newPage(): Promise<Page>
}

const flags = [
  // Containers and root have no sandbox to give; the pages are our own.
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A hidden or covered test page still shows frames at full rate.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  // Loopback addresses as they are, not as .local names that nothing here resolves.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
]

export interface LaunchOptions {
  readonly viewport?: { readonly width: number; readonly height: number }
  /** A `.y4m` or `.mjpeg` file that plays the webcam, in place of Chromium's test pattern. */
  readonly fakeWebcamPath?: string
}

/** Starts the browser that `findBrowser` finds; rejects in one sentence when it cannot play H.264 over WebRTC. */
export async function launchBrowser(options: LaunchOptions = {}): Promise<TestBrowser> {
  const executablePath = findBrowser(process.env)
  const userDataDir = await mkdtemp(join(tmpdir(), 'sightline-browser-'))
  const removeProfile = (): Promise<void> =>
    // The last helper process may still be writing while the folder goes.
    rm(userDataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  try {
    const context = await chromium.launchPersistentContext(userDataDir, {
      executablePath,
      headless: true,
      viewport: options.viewport ?? { width: 1280, height: 800 },
      args: [
        ...flags,
        ...(options.fakeWebcamPath === undefined
          ? []
          : [`--use-file-for-fake-video-capture=${options.fakeWebcamPath}`]),
      ],
    })
    const browser = open(context, userDataDir, removeProfile)
    if (await playsH264(browser)) return browser
    await browser[Symbol.asyncDispose]()
  } catch (error) {
    await removeProfile()
    throw error
  }
  throw new Error(
    `${executablePath} cannot play H.264 over WebRTC; use Chrome or Debian's Chromium`,
  )
}

function open(
  context: BrowserContext,
  userDataDir: string,
  removeProfile: () => Promise<void>,
): TestBrowser {
  let closing: Promise<void> | null = null
  async function close(): Promise<void> {
    await context.close()
    await removeProfile()
  }
  return {
    context,
    userDataDir,
    version: context.browser()?.version() ?? 'unknown',
    newPage: () => context.newPage(),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
}

/** Playwright's own build, for one, has no H.264: every test would wait for a picture in vain. */
async function playsH264(browser: TestBrowser): Promise<boolean> {
  const page = await browser.newPage()
  const answer = await page.evaluate<boolean>(
    `RTCRtpReceiver.getCapabilities('video').codecs.some((codec) => codec.mimeType === 'video/H264')`,
  )
  await page.close()
  return answer
}
