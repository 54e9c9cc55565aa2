import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { launchBrowser } from './browser.ts'
import { findBrowser } from './find-browser.ts'

test('a browser that is named but not there is one clear sentence', () => {
  assert.throws(() => findBrowser({ SIGHTLINE_CHROMIUM: '/nowhere/chrome', PATH: '' }), {
    message: 'SIGHTLINE_CHROMIUM names /nowhere/chrome, which is not an executable file',
  })
})

test('no browser at all is a sentence that says what to do', () => {
  assert.throws(() => findBrowser({ PATH: '' }), /install Chrome or Chromium/)
})

test('the browser runs a page and leaves no profile behind', async () => {
  const browser = await launchBrowser()
  const page = await browser.newPage()
  assert.equal(await page.evaluate('6 * 7'), 42)
  await browser[Symbol.asyncDispose]()
  await browser[Symbol.asyncDispose]()
  assert.equal(existsSync(browser.userDataDir), false)
})
