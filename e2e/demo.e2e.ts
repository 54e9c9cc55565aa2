import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#std/clock.ts'
import { launchBrowser } from './support/browser.ts'
import { descendantsOf, isAlive } from './support/process-tree.ts'
import { startServer, waitFor } from './support/sightline-server.ts'
import { subscribe } from './support/subscriber.ts'

test('a newcomer sees the demo camera live with boxes, and SIGTERM leaves nothing behind', async () => {
  await using server = await startServer({ demo: true })
  await using browser = await launchBrowser()
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(server.url)
  await page.getByRole('article', { name: /^Demo street\. Live/ }).waitFor({ timeout: 15_000 })
  await waitFor('exact boxes on the demo', async () => {
    const boxes = await page.evaluate('window.sightline?.cameras.demo?.exactBoxes ?? 0')
    return Number(boxes) >= 50
  })
  assert.deepEqual(complaints, [])

  using subscriber = await subscribe(server.socketUrl)
  const result = await subscriber.waitFor('a result', (message) => message.type === 'detections')
  assert.equal(result.camera, 'demo')
  assert.deepEqual(result.frame, { width: 640, height: 272 })

  const family = descendantsOf(server.child.pid ?? -1)
  const programs = family.map(({ command }) => command).join('\n')
  for (const program of ['ffmpeg', 'mediasoup-worker', 'server/demo/main.ts'])
    assert.ok(programs.includes(program), `${program} runs: ${programs}`)
  const askedAtMs = systemClock.nowMs()
  assert.equal(await server.stop('SIGTERM'), 0, server.log.join('\n'))
  assert.ok(systemClock.nowMs() - askedAtMs < 5000, 'it ends within 5 s')
  assert.deepEqual(
    family.filter(({ pid }) => isAlive(pid)),
    [],
  )
})

test('a server that is killed outright leaves no process behind', async () => {
  await using server = await startServer({ demo: true })
  using subscriber = await subscribe(server.socketUrl)
  await subscriber.waitFor('a result', (message) => message.type === 'detections')
  const family = descendantsOf(server.child.pid ?? -1)
  await server.stop('SIGKILL')
  await waitFor('its children to end', () => family.every(({ pid }) => !isAlive(pid)), {
    limitMs: 5000,
  })
})
