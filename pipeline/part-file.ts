import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { partSuffix } from '#std/atomic-file.ts'

/** Texts are short, system calls are not. */
const bufferedChars = 64 * 1024

/** A file written piece by piece that has its name only once it is placed, whole; else nothing is left of it. */
export class PartFile implements AsyncDisposable {
  readonly path: string
  readonly #handle: FileHandle
  #buffered = ''
  #isOpen = true

  private constructor(path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
  }

  /** The folder is made. Rejects with the system's error. */
  static async open(path: string): Promise<PartFile> {
    await mkdir(dirname(path), { recursive: true })
    return new PartFile(path, await open(`${path}${partSuffix}`, 'w'))
  }

  async write(text: string): Promise<void> {
    this.#buffered += text
    if (this.#buffered.length >= bufferedChars) await this.#flush()
  }

  async place(): Promise<void> {
    await this.#flush()
    this.#isOpen = false
    await this.#handle.close()
    await rename(`${this.path}${partSuffix}`, this.path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#handle.close()
    await rm(`${this.path}${partSuffix}`, { force: true })
  }

  async #flush(): Promise<void> {
    const text = this.#buffered
    this.#buffered = ''
    await this.#handle.writeFile(text)
  }
}
