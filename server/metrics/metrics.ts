import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type Metric,
  Registry,
} from 'prom-client'
import type { HistogramView, ListedCamera, MetricSources } from './metric-sources.ts'
import { type Labels, type MetricRow, metricTable } from './metric-table.ts'

export const metricPrefix = 'sightline_'

/** Period of the timer whose lateness is the event loop's lag: below every stage that one would blame it for. */
const eventLoopPrecisionMs = 5

/** The Prometheus text of everything, read at the scrape. */
export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({
    register: registry,
    prefix: metricPrefix,
    eventLoopMonitoringPrecision: eventLoopPrecisionMs,
  })
  // Several metrics read the cameras' views, which are made anew each time: once a scrape is enough.
  let cameras: readonly ListedCamera[] | null = null
  const list = (): readonly ListedCamera[] => (cameras ??= [...sources.cameras.list()])
  const scraped: MetricSources = {
    ...sources,
    cameras: {
      list,
      reconnects: () => sources.cameras.reconnects(),
      shedResults: () => sources.cameras.shedResults(),
    },
  }
  for (const row of metricTable) registry.registerMetric(metricOf(row, scraped))
  return {
    contentType: registry.contentType,
    text() {
      cameras = null
      return registry.metrics()
    },
  }
}

/** Each scrape starts from nothing, so that the series of a removed camera are gone with it. */
function metricOf(row: MetricRow, sources: MetricSources): Metric {
  const base = {
    name: metricPrefix + row.name,
    help: row.help,
    labelNames: row.labels,
    registers: [],
  }
  if (row.type === 'histogram')
    return Object.assign(new Histogram(base), {
      getForPromString: () => exportedHistogram(base, row, sources),
    })
  if (row.type === 'gauge')
    return new Gauge({
      ...base,
      collect() {
        this.reset()
        for (const [labels, value] of row.read(sources)) this.set({ ...labels }, value)
      },
    })
  return new Counter({
    ...base,
    collect() {
      this.reset()
      for (const [labels, value] of row.read(sources)) this.inc({ ...labels }, value)
    },
  })
}

/** prom-client's own histogram counts one value at a time; ours is counted elsewhere and only written out. */
function exportedHistogram(
  base: { readonly name: string; readonly help: string },
  row: Extract<MetricRow, { readonly type: 'histogram' }>,
  sources: MetricSources,
): Promise<object> {
  const values = Array.from(row.read(sources)).flatMap(([labels, view]) =>
    exported(base.name, labels, view),
  )
  return Promise.resolve({ name: base.name, help: base.help, type: 'histogram', values })
}

interface ExportedValue {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

function exported(name: string, labels: Labels, view: HistogramView): ExportedValue[] {
  const values: ExportedValue[] = []
  let below = 0
  for (const [i, edge] of view.edges.entries()) {
    below += view.counts[i] ?? 0
    values.push({ metricName: `${name}_bucket`, labels: { le: edge, ...labels }, value: below })
  }
  return [
    ...values,
    { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: view.total },
    { metricName: `${name}_sum`, labels, value: view.sum },
    { metricName: `${name}_count`, labels, value: view.total },
  ]
}
