import type { TimingMode } from '../live/camera-feed.svelte.ts'

type Theme = 'dark' | 'light'

/** What a person chose, kept in this browser. Live starts dark, because pictures are judged best in the dark. */
class Preferences {
  #theme = $state<Theme>(read('theme') === 'light' ? 'light' : 'dark')
  #timing = $state<TimingMode>(read('timing') === 'exact' ? 'exact' : 'live')

  get theme(): Theme {
    return this.#theme
  }

  set theme(theme: Theme) {
    this.#theme = theme
    write('theme', theme)
  }

  get timing(): TimingMode {
    return this.#timing
  }

  set timing(timing: TimingMode) {
    this.#timing = timing
    write('timing', timing)
  }
}

export const preferences = new Preferences()

function read(key: string): string | null {
  try {
    return localStorage.getItem(`sightline.${key}`)
  } catch {
    // A browser that keeps nothing: the defaults then.
    return null
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(`sightline.${key}`, value)
  } catch {
    // The choice holds until the page closes.
    return
  }
}
