import { assert } from '#std/assert.ts'
import type { FakeClock } from '#std/fake-clock.ts'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import {
  type OpenAttempt,
  type OpenSource,
  type Source,
  SourceError,
  type SourceListener,
} from './source.ts'

/** For tests: a camera whose every connection the test answers by hand. */
export class ScriptedSource {
  /** When each connection was asked for. */
  readonly triedAtMs: number[] = []
  readonly patienceMs: number[] = []
  /** Connections asked for or open at once, at most. */
  openMax = 0
  #open = 0
  readonly #clock: FakeClock
  #listener: SourceListener | null = null
  #answer: {
    readonly resolve: (source: Source) => void
    readonly reject: (error: SourceError) => void
  } | null = null
  #end: ((error: SourceError) => void) | null = null
  #rtpTimestamp = 1000

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  readonly open: OpenSource = (listener, attempt) => {
    this.triedAtMs.push(this.#clock.nowMs())
    this.patienceMs.push(attempt.connectPatienceMs)
    this.openMax = Math.max(this.openMax, ++this.#open)
    this.#listener = listener
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject: (error) => reject(this.#closed(error)) }
      this.#giveUpWith(attempt)
    })
  }

  get connections(): number {
    return this.#open
  }

  /** A try waits for its answer. */
  get isAsked(): boolean {
    return this.#answer !== null
  }

  accept(): void {
    assert(this.#answer !== null, 'a connection was asked for')
    let end: (error: SourceError) => void = () => {}
    const ended = new Promise<SourceError>((resolve) => {
      end = resolve
    })
    this.#end = (error) => {
      this.#end = null
      end(this.#closed(error))
    }
    this.#answer.resolve({
      video: { codec: 'h264', announcedFps: null },
      ended,
      [Symbol.asyncDispose]: async () => this.#end?.(new SourceError('ended', 'Closed.')),
    })
    this.#answer = null
  }

  refuse(code: SourceError['code']): void {
    assert(this.#answer !== null, 'a connection was asked for')
    this.#answer.reject(new SourceError(code, `It is ${code}.`))
    this.#answer = null
  }

  end(): void {
    assert(this.#end !== null, 'a connection is open')
    this.#end(new SourceError('ended', 'The camera closed the connection.'))
  }

  frame(): void {
    assert(this.#listener !== null, 'a connection was asked for')
    this.#rtpTimestamp += 3600
    const unit: AccessUnit = {
      codec: 'h264',
      data: Buffer.alloc(0),
      rtpTimestamp: this.#rtpTimestamp,
      isKey: true,
      isDamaged: false,
      arrivedAtMs: this.#clock.nowMs(),
      parameterSets: { sps: [], pps: [] },
    }
    this.#listener.onAccessUnit(unit)
  }

  #closed(error: SourceError): SourceError {
    this.#open--
    return error
  }

  #giveUpWith({ signal }: OpenAttempt): void {
    signal.addEventListener(
      'abort',
      () => {
        this.#answer?.reject(new SourceError('ended', 'Given up.'))
        this.#answer = null
      },
      { once: true },
    )
  }
}
