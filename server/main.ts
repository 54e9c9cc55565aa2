// The process: configuration, log, start, signals. Exit codes: 0 ended on request, 1 a bug, 2 cannot start as asked.
import { loadConfig } from '#config/load.ts'
import { systemClock } from '#std/clock.ts'
import { CodedError, messageOf } from '#std/coded-error.ts'
import { createLog } from '#std/log.ts'
import { redactSecrets } from '#std/redact.ts'
import { startServer } from './server.ts'

/** SIGTERM ends everything within this; what still hangs then is left to the kernel. */
const stopLimitMs = 4500

// Everything of ours is closed by now: what might still be open is nothing to wait for.
process.exit(await main())

async function main(): Promise<number> {
  try {
    const config = loadConfig()
    const log = createLog({
      clock: systemClock,
      level: config.logLevel,
      write: (line) => console.error(line),
    })
    const asked = stopSignal()
    const server = await startServer({ config, clock: systemClock, log, random: Math.random })
    console.log(`Sightline is at ${server.url}`)
    log.info('stopping', { signal: await asked })
    const limit = systemClock.after(stopLimitMs, () => {
      log.error('stopping takes too long; leaving what hangs')
      process.exit(1)
    })
    await server[Symbol.asyncDispose]()
    limit[Symbol.dispose]()
    log.info('stopped')
    return 0
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    console.error(redactSecrets(`sightline: ${messageOf(error)} (${error.code})`))
    return 2
  }
}

/** Resolves with the first SIGTERM or SIGINT; the second one forces. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let count = 0
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        if (++count > 1) process.exit(130)
        resolve(signal)
      })
  })
}
