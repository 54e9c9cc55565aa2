// npm run bench [-- --seconds 20]: latencies of one camera through the whole server, on this machine, now.
// npm run bench -- --cameras 8 --fps 30 --detect 10 --seconds 60: many cameras; a table and one JSON line;
// --accuracy compares the model's rectangular input with the square one on real footage.
import { parseArgs } from 'node:util'
import { formatAccuracy, inputShapeAccuracy } from './input-shape-accuracy.ts'
import { runManyCameras } from './many-cameras.ts'
import { displayLatency, socketLatency } from './one-camera.ts'
import { formatReport } from './print-many-cameras.ts'
import { formatTable } from './quantiles.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    cameras: { type: 'string' },
    fps: { type: 'string', default: '30' },
    /** 0 = every frame. */
    detect: { type: 'string', default: '0' },
    size: { type: 'string', default: '640x360' },
    budget: { type: 'string', default: '200' },
    /** Of the first camera; the others have 1. */
    weight: { type: 'string', default: '1' },
    /** Also what the rectangular input costs in accuracy. */
    accuracy: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    /** `gpu:` of the configuration, as JSON. */
    gpu: { type: 'string', default: '{}' },
  },
})
const seconds = Number(values.seconds)

if (values.cameras === undefined) {
  const rows = [await socketLatency(seconds), ...(await displayLatency(seconds))]
  console.log(formatTable(rows))
  console.log(JSON.stringify({ seconds, rows }))
} else {
  const [width = 640, height = 360] = values.size.split('x').map(Number)
  const report = await runManyCameras({
    cameras: Number(values.cameras),
    fps: Number(values.fps),
    detectFps: Number(values.detect),
    seconds,
    width,
    height,
    latencyBudgetMs: Number(values.budget),
    firstWeight: Number(values.weight),
    seed: Number(values.seed),
    gpu: JSON.parse(values.gpu),
  })
  const accuracy = values.accuracy ? await inputShapeAccuracy() : null
  console.log(formatReport(report))
  if (accuracy !== null) console.log(formatAccuracy(accuracy))
  console.log(JSON.stringify({ ...report, accuracy }))
}
