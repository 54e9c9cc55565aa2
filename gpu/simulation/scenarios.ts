import { alike, camera, type DeviceName, devices, overloaded, type Scenario } from './scenario.ts'

const loads = [0.5, 0.9, 1.3, 2]

/** Cameras that come, beyond what is looked at, at the start, and are gone at 20 s. */
const fallAtMs = 20_000

/** What is simulated, by name. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  ...byLoad('gpu'),
  ...byLoad('heavy'),
  ...byLoad('cpu'),
  /** The yardstick of many cameras: 16 at 30 fps, every frame, on two cores. */
  'cores, 16 cameras': { ...devices.cores, cameras: alike(16) },
  'overload, 200 ms': { ...overloaded('gpu', 2), budgetMs: 200 },
  'overload, 120 ms': overloaded('gpu', 2),
  weights: { ...devices.cores, cameras: [{ ...camera, weight: 4 }, ...alike(15)] },
  stall: {
    ...devices.cores,
    hiccup: { share: 0, ms: 0 },
    stall: { atMs: 20_000, ms: 500 },
    cameras: alike(4, { detectFps: 10 }),
  },
  fall: {
    ...devices.cores,
    hiccup: { share: 0, ms: 0 },
    cameras: [...alike(4, { detectFps: 10 }), ...alike(44, { offAtMs: fallAtMs })],
  },
  shapes: {
    ...overloaded('gpu', 1.3),
    cameras: [...overloaded('gpu', 0.9).cameras, ...alike(17, { fps: 19, height: 312 })],
  },
  'four sessions': { ...overloaded('heavy', 2), ...fourSessions() },
  efficient: { ...overloaded('gpu', 0.5), mode: 'efficient' },
  spare: {
    ...devices.cores,
    hiccup: { share: 0, ms: 0 },
    cameras: [...alike(4, { detectFps: 10 }), ...alike(2, { class: 'spare' })],
  },
  shedding: {
    ...devices.cores,
    sheds: true,
    cameras: [...alike(60), ...alike(4, { weight: 2 })],
  },
}

function byLoad(name: DeviceName): Record<string, Scenario> {
  return Object.fromEntries(loads.map((load) => [`${name} x ${load}`, overloaded(name, load)]))
}

/** Four devices, and cameras enough for them. */
function fourSessions(): Pick<Scenario, 'sessions' | 'cameras'> {
  const { cameras } = overloaded('heavy', 2)
  return { sessions: 4, cameras: [...cameras, ...cameras, ...cameras, ...cameras] }
}
