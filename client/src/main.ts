import './jitless.ts'
import './look/font.css'
import './look/tokens.css'
import './look/base.css'
import { mount } from 'svelte'
import { browserClock } from './clock.ts'
import { Feed } from './live/feed.svelte.ts'
import App from './view/App.svelte'
import { preferences } from './view/preferences.svelte.ts'

const target = document.querySelector('#app')
if (target === null) throw new Error('the page has no #app')

const feed = new Feed(browserClock)
feed.setTiming(preferences.timing)
Object.defineProperty(window, 'sightline', { get: () => feed.support() })

// Phones end pages without `unload`; `pagehide` is the last thing that surely comes.
addEventListener('pagehide', () => feed.leaveNow())
addEventListener('pageshow', ({ persisted }) => persisted && feed.rejoin())
addEventListener('online', () => feed.wake())
document.addEventListener(
  'visibilitychange',
  () => document.visibilityState === 'visible' && feed.wake(),
)

feed.start()
mount(App, { target, props: { feed } })
