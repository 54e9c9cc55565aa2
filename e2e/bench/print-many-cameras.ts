import type { ManyCamerasReport } from './many-cameras-report.ts'
import { costGroups } from './process-cost.ts'

/** A readable table of one run: one row a camera, then the total, then where the CPU went. */
export function formatReport(report: ManyCamerasReport): string {
  const { options, perCamera, latency, frames } = report
  const head = [
    ['camera', 'results/s', 'p50', 'p95', 'p99', 'AoI mean', 'AoI p99'],
    ['detected', 'superseded', 'late', 'paced', 'damaged', 'failed'],
  ].flat()
  const rows = perCamera.map((camera) =>
    [
      camera.camera,
      [camera.resultsPerSecond, camera.p50, camera.p95, camera.p99].map(tenth),
      [camera.ageMeanMs, camera.ageP99Ms].map(whole),
      outcomes(camera.frames),
    ].flat(),
  )
  const total = [
    'all',
    ...[report.resultsPerSecond, latency.p50, latency.p95, latency.p99].map(tenth),
    ...[report.ageMeanMs, report.ageP99Ms].map(whole),
    ...outcomes(frames),
  ]
  const shares = costGroups.map((group) => `${group} ${report.cores[group].toFixed(2)}`).join(', ')
  const stages = Object.entries(report.stages)
    .map(([stage, { p50, p95 }]) => `${stage} ${tenth(p50)} / ${tenth(p95)}`)
    .join(', ')
  const memory = Object.entries(report.residentMib)
    .map(([group, mib]) => `${group} ${Math.round(mib)}`)
    .join(', ')
  return [
    `${options.cameras} cameras ${options.width}x${options.height} at ${options.fps} fps, ` +
      `${options.detectFps === 0 ? 'every frame' : `${options.detectFps} results/s each`}, ` +
      `${options.seconds} s; ms from the source's last byte to the subscriber's callback`,
    ...[head, ...rows, total].map((cells) => `| ${cells.join(' | ')} |`),
    `worst camera AoI p99 ${whole(report.worstAgeP99Ms)} ms, Jain ${report.jain.toFixed(4)}, ` +
      `within the budget ${(report.onTimeShare * 100).toFixed(2)} %, ` +
      `conserved ${report.conserved}, out of order ${report.outOfOrder}`,
    `cores: ${shares}; beside it cameras ${report.benchCores.cameras.toFixed(2)}, ` +
      `subscriber ${report.benchCores.subscriber.toFixed(2)}, ` +
      `strangers ${report.otherCores.toFixed(2)}; ${report.cpuSecondsPer1000.toFixed(1)} CPU-s per 1,000 results, ` +
      `${report.cpuMsPerInference.toFixed(2)} CPU-ms per inference; ` +
      `0.85 x what is left for the model = ${tenth(report.resultsPerSecondBound)} results/s`,
    `stages p50 / p95 ms: ${stages}`,
    `main thread: lateness of a 5 ms timer p99 ${tenth(report.timerLatenessP99Ms)} ms; RSS MiB: ${memory}`,
  ].join('\n')
}

function outcomes(frames: Readonly<Record<string, number>>): readonly string[] {
  return ['detected', 'superseded', 'late', 'paced', 'damaged', 'failed'].map((name) =>
    String(frames[name] ?? 0),
  )
}

function tenth(value: number): string {
  return value.toFixed(1)
}

function whole(value: number): string {
  return value.toFixed(0)
}
