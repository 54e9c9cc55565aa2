import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import onnxProto from 'onnx-proto'
import {
  type EpContext,
  epContextBytesMax,
  fitsHardware,
  readEpContext,
  writeEpContext,
} from './ep-context.ts'
import type { TensorInfo } from './onnx-tensors.ts'

const { onnx } = onnxProto

/** A file of one EPContext node, written by hand after onnx.proto: tag, length, content. */
const golden = hex(`
  08 08                                         ir_version 8
  12 09 73 69 67 68 74 6c 69 6e 65              producer_name "sightline"
  3a d9 01                                      graph, 217 bytes
    0a a7 01                                      node, 167 bytes
      0a 01 78                                      input "x"
      12 01 79                                      output "y"
      1a 01 70                                      name "p"
      22 09 45 50 43 6f 6e 74 65 78 74              op_type "EPContext"
      2a 13 0a 0c 6d 61 69 6e 5f 63 6f 6e 74 65 78 74 18 01 a0 01 02   main_context: INT 1
      2a 11 0a 0a 65 6d 62 65 64 5f 6d 6f 64 65 18 01 a0 01 02         embed_mode: INT 1
      2a 1a 0a 10 65 70 5f 63 61 63 68 65 5f 63 6f 6e 74 65 78 74      ep_cache_context: STRING,
         22 03 00 ff 2e a0 01 03                                          the engine: 00 ff 2e
      2a 26 0a 06 73 6f 75 72 63 65 22 19                              source: STRING
         54 65 6e 73 6f 72 72 74 45 78 65 63 75 74 69 6f 6e               "TensorrtExecution
         50 72 6f 76 69 64 65 72 a0 01 03                                  Provider"
      2a 16 0a 0e 70 61 72 74 69 74 69 6f 6e 5f 6e 61 6d 65            partition_name: STRING
         22 01 70 a0 01 03                                                "p"
      3a 0d 63 6f 6d 2e 6d 69 63 72 6f 73 6f 66 74  domain "com.microsoft"
    12 01 70                                      name "p"
    5a 19 0a 01 78                                input "x"
      12 14 0a 12 08 02                             tensor of UINT8
      12 0e 0a 03 12 01 4e 0a 02 08 02 0a 03 12 01 77   shape N, 2, w
    62 0f 0a 01 79 12 0a 0a 08 08 01 12 04 0a 02 08 05   output "y": FLOAT of shape 5
  42 04 0a 00 10 11                             opset_import "" 17
  42 11 0a 0d 63 6f 6d 2e 6d 69 63 72 6f 73 6f 66 74 10 01   opset_import "com.microsoft" 1
`)
const goldenContext: EpContext = {
  engine: { bytes: new Uint8Array([0, 255, 46]) },
  inputs: [{ name: 'x', elementType: 'uint8', shape: ['N', 2, 'w'] }],
  outputs: [{ name: 'y', elementType: 'float32', shape: [5] }],
  partitionName: 'p',
  sdkVersion: null,
  hardwareArchitecture: null,
  modelFileName: null,
}

test('the file made by hand is read, and written to the byte', () => {
  assert.deepEqual(plain(readEpContext(golden)), goldenContext)
  assert.equal(
    Buffer.from(writeEpContext(goldenContext)).toString('hex'),
    Buffer.from(golden).toString('hex'),
  )
})

const name = fc.stringMatching(/^[a-z][a-z0-9_/.:-]{0,20}$/)
const tensor: fc.Arbitrary<TensorInfo> = fc.record({
  name,
  elementType: fc.constantFrom('float32', 'uint8', 'int8', 'int32', 'int64', 'bool', 'float16'),
  shape: fc.array(fc.oneof(fc.nat(2 ** 31), name), { maxLength: 5 }),
})
const text = fc.option(fc.string({ minLength: 1 }).filter((each) => !each.includes('\ufeff')))
const path = fc
  .array(fc.stringMatching(/^[a-z0-9_-]{1,10}$/), { minLength: 1, maxLength: 4 })
  .map((segments) => `${segments.join('/')}.engine`)
const context: fc.Arbitrary<EpContext> = fc.record({
  engine: fc.oneof(
    fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 500 }) }),
    fc.record({ path }),
  ),
  inputs: fc.array(tensor, { minLength: 1, maxLength: 3 }),
  outputs: fc.array(tensor, { minLength: 1, maxLength: 6 }),
  partitionName: name,
  sdkVersion: text,
  hardwareArchitecture: text,
  modelFileName: text,
})

test('what is written is read back, whatever it is', () => {
  fc.assert(
    fc.property(context, (each) => {
      assert.deepEqual(plain(readEpContext(writeEpContext(each))), structuredClone(each))
    }),
    { numRuns: 500 },
  )
})

test('a damaged file is read or refused, and never anything else', () => {
  const file = writeEpContext({ ...goldenContext, engine: { path: 'a/b.engine' } })
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.nat(255), fc.nat(file.length), (at, byte, length) => {
      const damaged = file.slice(0, length)
      damaged[at] = byte
      try {
        const { engine } = readEpContext(damaged)
        if ('path' in engine) assert.doesNotMatch(engine.path, /^\/|\.\.|\\|\0/)
      } catch (error) {
        assert.equal(error instanceof Error && error.name, 'EpContextError', String(error))
      }
    }),
    { numRuns: 2_000 },
  )
})

for (const unsafe of [
  '/etc/passwd',
  '../engine',
  'a/../../engine',
  'a/..',
  'a..b/engine',
  './engine',
  'a//engine',
  'a/',
  '..\\engine',
  'C:/engine',
  'engine:stream',
  'engine\0.txt',
  'a'.repeat(1_001),
])
  test(`an engine at ${JSON.stringify(unsafe.slice(0, 20))} is neither written nor read`, () => {
    const code = 'unsafe_path'
    assert.throws(() => writeEpContext({ ...goldenContext, engine: { path: unsafe } }), { code })
    const crafted = edit((node) => {
      setAttribute(node, 'embed_mode', { i: 0 })
      setAttribute(node, 'ep_cache_context', { s: new TextEncoder().encode(unsafe) })
    })
    assert.throws(() => readEpContext(crafted), { code })
  })

type Node = NonNullable<NonNullable<ReturnType<typeof onnx.ModelProto.decode>['graph']>['node']>[0]

for (const { what, change, code, says } of [
  { what: 'two nodes', change: 'double', code: 'not_ep_context', says: /2 nodes instead of one/ },
  {
    what: 'another operator',
    change: (node: Node) => (node.opType = 'Conv'),
    code: 'not_ep_context',
    says: /its node is com\.microsoft\.Conv/,
  },
  {
    what: 'another domain',
    change: (node: Node) => (node.domain = 'com.example'),
    code: 'not_ep_context',
    says: /com\.example\.EPContext/,
  },
  {
    what: 'the context of another provider',
    change: (node: Node) =>
      setAttribute(node, 'source', { s: new TextEncoder().encode('QNNExecutionProvider') }),
    code: 'other_provider',
    says: /QNNExecutionProvider/,
  },
  {
    what: 'an engine in another node',
    change: (node: Node) => setAttribute(node, 'main_context', { i: 0 }),
    code: 'not_ep_context',
    says: /another node/,
  },
  {
    what: 'no engine',
    change: (node: Node) => setAttribute(node, 'ep_cache_context', { s: new Uint8Array() }),
    code: 'not_ep_context',
    says: /no engine/,
  },
  {
    what: 'an embed mode that nobody knows',
    change: (node: Node) => setAttribute(node, 'embed_mode', { i: 2 }),
    code: 'not_ep_context',
    says: /embed_mode is 2/,
  },
  {
    what: 'an input that the node does not take',
    change: (node: Node) => (node.input = ['z']),
    code: 'not_ep_context',
    says: /inputs are \[x\], its node’s \[z\]/,
  },
] as const)
  test(`a file with ${what} is refused`, () => {
    assert.throws(() => readEpContext(edit(change)), { code, message: says })
  })

test('what is no ONNX file, and what is too large to be one, is refused', () => {
  assert.throws(() => readEpContext(new TextEncoder().encode('engine')), { code: 'not_onnx' })
  assert.throws(() => readEpContext(new Uint8Array()), { code: 'not_ep_context' })
  // Never touched: the system gives no pages for it.
  const large = new Uint8Array(epContextBytesMax + 1)
  assert.throws(() => readEpContext(large), { code: 'too_large' })
  assert.throws(() => writeEpContext({ ...goldenContext, engine: { bytes: large } }), {
    code: 'too_large',
  })
})

test('an engine fits the GPU that it was built for, and one for Ampere and later all of those', () => {
  for (const [hardwareArchitecture, computeCapability, fits] of [
    ['86', '8.6', true],
    ['86', '8.9', false],
    ['80+', '8.9', true],
    ['80+', '8.0', true],
    ['80+', '12.0', true],
    ['80+', '7.5', false],
    ['120', '12.0', true],
    [null, '8.6', false],
  ] as const)
    assert.equal(fitsHardware({ hardwareArchitecture }, computeCapability), fits)
})

/** The golden file with its node changed. */
function edit(change: 'double' | ((node: Node) => unknown)): Uint8Array {
  const model = onnx.ModelProto.decode(golden)
  const node = model.graph?.node?.[0]
  assert.ok(node)
  if (change === 'double') model.graph?.node?.push(node)
  else change(node)
  return onnx.ModelProto.encode(model).finish()
}

function setAttribute(node: Node, called: string, value: { i?: number; s?: Uint8Array }): void {
  const attribute = node.attribute?.find((each) => each.name === called)
  assert.ok(attribute)
  Object.assign(attribute, value)
}

/** With plain byte arrays: protobufjs gives Buffers in Node. */
function plain(each: EpContext): EpContext {
  const { engine } = each
  return 'bytes' in engine ? { ...each, engine: { bytes: new Uint8Array(engine.bytes) } } : each
}

/** Bytes of the lines' leading pairs of digits; what follows two spaces is a remark. */
function hex(lines: string): Uint8Array {
  const digits = lines
    .split('\n')
    .map((line) => /^(?:[0-9a-f]{2} ?)+(?=\s|$)/.exec(line.trimStart())?.[0] ?? '')
    .join('')
  return new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
}
