import { systemClock } from '#std/clock.ts'
import { EmbeddedRegistry } from './embedded-registry.ts'

// A process for tests: FOLDER RUNTIME COUNT; writes so many metrics of version 1 of the model `m`, one after the other.
const [folder = '', runtime = '', count = ''] = process.argv.slice(2)
const registry = new EmbeddedRegistry({ folder, clock: systemClock })
for (let i = 0; i < Number(count); i++)
  await registry.recordMetrics('m', 1, runtime, { [`metric-${i}`]: i })
