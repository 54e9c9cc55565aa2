import { Session } from 'node:inspector/promises'
import { isMainThread } from 'node:worker_threads'

// Preloaded into a server: after `SIGHTLINE_PROBE_AFTER_MS` it samples every allocation of the main thread for
// `SIGHTLINE_PROBE_FOR_MS`, also of what is collected meanwhile, and writes the profile as one line to stderr.

const samplingIntervalBytes = 4096

if (isMainThread && process.argv[1]?.endsWith('server/main.ts') === true) {
  const session = new Session()
  session.connect()
  setTimeout(() => {
    void session.post('HeapProfiler.startSampling', {
      samplingInterval: samplingIntervalBytes,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    })
  }, Number(process.env['SIGHTLINE_PROBE_AFTER_MS'])).unref()
  setTimeout(
    () => {
      void session
        .post('HeapProfiler.stopSampling')
        .then(({ profile }) => process.stderr.write(`allocations ${JSON.stringify(profile)}\n`))
    },
    Number(process.env['SIGHTLINE_PROBE_AFTER_MS']) + Number(process.env['SIGHTLINE_PROBE_FOR_MS']),
  ).unref()
}
