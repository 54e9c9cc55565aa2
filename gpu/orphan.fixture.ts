// Stands for a server that is killed: starts an inference process, says its pid, and waits.
import { fakeBoot } from './fake-model.fixture.ts'
import { inferenceProcesses } from './inference-process.ts'

inferenceProcesses(new URL('fake-child.fixture.ts', import.meta.url))(fakeBoot, {
  onMessage: (message) => {
    if (message.kind === 'ready') process.stdout.write(`${message.notes.join('\n')}\n`)
  },
  onError: () => {},
  onExit: () => {},
})
