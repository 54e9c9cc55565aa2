import { cameraStateSchema } from '#protocol/camera-state.ts'
import { indicators } from '../slo/objectives.ts'
import { stages } from '../slo/stages.ts'
import type { GoodTotalView, HistogramView, ListedCamera, MetricSources } from './metric-sources.ts'

export type Labels = Readonly<Record<string, string>>

interface Row<T> {
  /** Without the prefix `sightline_`. */
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly read: (sources: MetricSources) => Iterable<readonly [Labels, T]>
}

export type MetricRow =
  | ({ readonly type: 'counter' | 'gauge' } & Row<number>)
  | ({ readonly type: 'histogram' } & Row<HistogramView>)

/** Every metric of our own. Base units; a camera's series are there as long as the camera. */
export const metricTable: readonly MetricRow[] = [
  {
    name: 'stage_duration_seconds',
    help: 'Time of delivered results by stage, from capture on.',
    type: 'histogram',
    labels: ['stage'],
    read: ({ slo }) => stages.map((stage) => [{ stage }, slo.timer.stages[stage]]),
  },
  {
    name: 'end_to_end_seconds',
    help: 'From capture to the subscribers’ sockets.',
    type: 'histogram',
    labels: [],
    read: ({ slo }) => [[{}, slo.timer.endToEnd]],
  },
  {
    name: 'frames_total',
    help: 'Access units by what became of them.',
    type: 'counter',
    labels: ['camera', 'outcome'],
    read: ({ cameras }) =>
      Array.from(cameras.list()).flatMap(({ id, frames }) =>
        outcomes.map((outcome) => [{ camera: id, outcome }, frames[outcome]] as const),
      ),
  },
  {
    name: 'frames_in_flight',
    help: 'Access units received and not yet counted in sightline_frames_total.',
    type: 'gauge',
    labels: ['camera'],
    read: ({ cameras }) =>
      Array.from(cameras.list(), ({ id, frames }) => [{ camera: id }, frames.inFlight]),
  },
  {
    name: 'age_of_information_seconds',
    help: 'Since the capture of the newest delivered result.',
    type: 'gauge',
    labels: ['camera'],
    read: ({ slo }) =>
      Array.from(slo.cameras()).flatMap(({ cameraId, ageOfInformationMs }) =>
        ageOfInformationMs === null
          ? []
          : [[{ camera: cameraId }, ageOfInformationMs / 1_000] as const],
      ),
  },
  {
    name: 'slo_good_total',
    help: 'What was good: samples of 100 ms (freshness, availability), results (timeliness, goodput, overload).',
    type: 'counter',
    labels: ['indicator', 'camera'],
    read: ({ slo }) => indicatorSamples(slo, 'good'),
  },
  {
    name: 'slo_total',
    help: 'What sightline_slo_good_total is a part of.',
    type: 'counter',
    labels: ['indicator', 'camera'],
    read: ({ slo }) => indicatorSamples(slo, 'total'),
  },
  {
    name: 'fairness_ratio',
    help: 'Jain’s index over results / weighted max-min fair share of the last ten seconds; 1 is fair.',
    type: 'gauge',
    labels: [],
    read: ({ slo }) => {
      const index = slo.fairness()
      return index === null ? [] : [[{}, index]]
    },
  },
  {
    name: 'shed_fps',
    help: 'Results a second that a camera gets less than configured, for want of the device.',
    type: 'gauge',
    labels: ['camera'],
    read: ({ cameras }) =>
      Array.from(cameras.list(), (view) => [{ camera: view.id }, shedFps(view)]),
  },
  {
    name: 'shed_results_total',
    help: 'Results that were not asked for because the camera’s detect rate was lowered.',
    type: 'counter',
    labels: ['camera'],
    read: ({ cameras }) =>
      Array.from(cameras.shedResults(), ({ camera, count }) => [{ camera }, count]),
  },
  {
    name: 'camera_state',
    help: '1 for the state the camera is in.',
    type: 'gauge',
    labels: ['camera', 'state'],
    read: ({ cameras }) =>
      Array.from(cameras.list()).flatMap(({ id, state: current }) =>
        cameraStateSchema.options.map(
          (state) => [{ camera: id, state }, state === current ? 1 : 0] as const,
        ),
      ),
  },
  {
    name: 'camera_reconnects_total',
    help: 'New connections to a camera, by why the one before ended.',
    type: 'counter',
    labels: ['camera', 'reason'],
    read: ({ cameras }) =>
      Array.from(cameras.reconnects(), ({ camera, reason, count }) => [{ camera, reason }, count]),
  },
  {
    name: 'batch_size',
    help: 'Frames in an inference batch.',
    type: 'histogram',
    labels: [],
    read: ({ inference }) => {
      const sizes = inference.batchSizes()
      return sizes === null ? [] : [[{}, sizes]]
    },
  },
  {
    name: 'inference_utilization_ratio',
    help: 'Share of the last seconds in which the model ran.',
    type: 'gauge',
    labels: [],
    read: ({ inference }) => [[{}, inference.status().utilization]],
  },
  {
    name: 'model_info',
    help: '1; the labels say which model serves, and where.',
    type: 'gauge',
    labels: ['name', 'version', 'sha', 'provider', 'precision'],
    read: ({ inference }) => {
      const { model, executionProvider } = inference.status()
      const { name, version = '', sha256, precision = '' } = model
      return [[{ name, version, sha: sha256, provider: executionProvider, precision }, 1]]
    },
  },
  {
    name: 'subscribers',
    help: 'Open WebSocket connections.',
    type: 'gauge',
    labels: ['encoding'],
    read: ({ publisher }) => [[{ encoding: 'json' }, publisher.stats().subscribers]],
  },
  {
    name: 'subscriber_messages_total',
    help: 'Messages written to subscribers.',
    type: 'counter',
    labels: [],
    read: ({ publisher }) => [[{}, publisher.stats().messages]],
  },
  {
    name: 'subscriber_bytes_total',
    help: 'Bytes written to subscribers.',
    type: 'counter',
    labels: [],
    read: ({ publisher }) => [[{}, publisher.stats().bytes]],
  },
  {
    name: 'subscriber_conflated_total',
    help: 'Results that a subscriber did not get because it was behind.',
    type: 'counter',
    labels: [],
    read: ({ publisher }) => [[{}, publisher.stats().conflated]],
  },
  {
    name: 'subscriber_evicted_total',
    help: 'Subscribers cut off because they were too far behind.',
    type: 'counter',
    labels: [],
    read: ({ publisher }) => [[{}, publisher.stats().evicted]],
  },
  {
    name: 'subscriber_refused_total',
    help: 'Connections turned away because there were too many.',
    type: 'counter',
    labels: [],
    read: ({ publisher }) => [[{}, publisher.stats().refused]],
  },
  {
    name: 'subscriber_faults_total',
    help: 'Messages of subscribers that were not taken.',
    type: 'counter',
    labels: ['reason'],
    read: ({ publisher }) => {
      const { rateLimited, badMessages } = publisher.stats()
      return [
        [{ reason: 'rate_limited' }, rateLimited],
        [{ reason: 'bad_message' }, badMessages],
      ]
    },
  },
  {
    name: 'viewer_display_delay_seconds',
    help: 'From capture to the viewer’s screen, as viewers report it.',
    type: 'histogram',
    labels: [],
    read: ({ publisher }) => [[{}, publisher.stats().beacons.displayDelay]],
  },
  {
    name: 'overlay_boxes_total',
    help: 'Boxes that viewers drew, by how they were matched to the displayed frame.',
    type: 'counter',
    labels: ['match'],
    read: ({ publisher }) => {
      const { exact, interpolated, held } = publisher.stats().beacons.boxes
      return [
        [{ match: 'exact' }, exact],
        [{ match: 'interpolated' }, interpolated],
        [{ match: 'held' }, held],
      ]
    },
  },
  {
    name: 'relay_viewers',
    help: 'Open WebRTC sessions.',
    type: 'gauge',
    labels: [],
    read: ({ relay }) => [[{}, relay.status().viewers]],
  },
  {
    name: 'restarts_total',
    help: 'How often a supervised part came back by itself.',
    type: 'counter',
    labels: ['part'],
    read: ({ decoder, relay, inference }) => [
      [{ part: 'decoder' }, decoder.restarts()],
      [{ part: 'relay' }, relay.status().restarts],
      [{ part: 'inference' }, inference.status().restarts],
    ],
  },
]

/** Each unit received ends in exactly one. */
const outcomes = ['detected', 'superseded', 'late', 'paced', 'damaged', 'failed'] as const

function indicatorSamples(
  slo: MetricSources['slo'],
  part: keyof GoodTotalView,
): (readonly [Labels, number])[] {
  return Array.from(slo.cameras()).flatMap(({ cameraId, indicators: counts }) =>
    indicators.map(
      (indicator) => [{ indicator, camera: cameraId }, counts[indicator][part]] as const,
    ),
  )
}

function shedFps({ shed, detectFps, measuredFps, effectiveFps }: ListedCamera): number {
  if (shed === null) return 0
  const wantedFps = detectFps === 0 ? measuredFps : Math.min(detectFps, measuredFps)
  return Math.max(0, wantedFps - effectiveFps)
}
