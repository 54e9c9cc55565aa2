import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { messageOf } from '#std/coded-error.ts'
import { EpContextError } from './ep-context-error.ts'
import { refusalOfEnginePath } from './engine-path.ts'
import { type TensorInfo, tensorInfoOf, valueInfoOf } from './onnx-tensors.ts'

const { onnx } = onnxProto

/**
 * A prebuilt TensorRT engine as onnxruntime takes one: an ONNX file of one node, operator `EPContext` of the domain
 * `com.microsoft`. Attributes as in onnxruntime's “EP Context Design” page and in its TensorRT provider
 * (`onnx_ctx_model_helper.cc`), which reads `embed_mode`, `ep_cache_context` and `hardware_architecture`.
 * Read and written here; whether TensorRT takes what is written is untested on hardware.
 */
export interface EpContext {
  /** The engine itself, or where it lies below the folder of the ONNX file. */
  readonly engine: { readonly bytes: Uint8Array } | { readonly path: string }
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
  /** Name of the node and of what it stands for. */
  readonly partitionName: string
  /** TensorRT's, `10.9.0`; null: it does not say. */
  readonly sdkVersion: string | null
  /** Compute capability times ten, `86`, or `80+` for Ampere and later; null: it does not say. */
  readonly hardwareArchitecture: string | null
  /** Of the ONNX file that the engine was built from; null: it does not say. */
  readonly modelFileName: string | null
}

/** An ONNX file is one protobuf message, which ends at 2 GiB. Detectors' engines are 10 to 200 MB. */
export const epContextBytesMax = 1024 ** 3

const domain = 'com.microsoft'
const operator = 'EPContext'
/** onnxruntime's own name of the provider (`kTensorrtExecutionProvider`). */
const source = 'TensorrtExecutionProvider'
const { INT, STRING } = onnx.AttributeProto.AttributeType

/** The same context in, the same bytes out. Throws EpContextError `unsafe_path` or `too_large`. */
export function writeEpContext(context: EpContext): Uint8Array {
  const { engine, inputs, outputs, partitionName } = context
  const isEmbedded = 'bytes' in engine
  if (isEmbedded) checkSize(engine.bytes.length, 'the engine')
  else checkPath(engine.path)
  const attribute = [
    integer('main_context', 1),
    integer('embed_mode', isEmbedded ? 1 : 0),
    string('ep_cache_context', isEmbedded ? engine.bytes : utf8(engine.path)),
    string('source', utf8(source)),
    string('partition_name', utf8(partitionName)),
    ...optional('ep_sdk_version', context.sdkVersion),
    ...optional('hardware_architecture', context.hardwareArchitecture),
    ...optional('onnx_model_filename', context.modelFileName),
  ]
  return onnx.ModelProto.encode({
    // Read by onnxruntime 1.10 and later.
    irVersion: 8,
    producerName: 'sightline',
    opsetImport: [
      { domain: '', version: 17 },
      { domain, version: 1 },
    ],
    graph: {
      name: partitionName,
      input: inputs.map(valueInfoOf),
      output: outputs.map(valueInfoOf),
      node: [
        {
          name: partitionName,
          opType: operator,
          domain,
          input: inputs.map(({ name }) => name),
          output: outputs.map(({ name }) => name),
          attribute,
        },
      ],
    },
  }).finish()
}

/** Throws EpContextError. A path that it returns is a relative one that leads below the folder. */
export function readEpContext(file: Uint8Array): EpContext {
  checkSize(file.length, 'the file')
  const graph = graphOf(file)
  const node = nodeOf(graph)
  const attributes = new Map((node.attribute ?? []).map((each) => [each.name ?? '', each]))
  checkProvider(attributes)
  return {
    engine: engineOf(attributes),
    inputs: tensorsOf(graph.input, node.input, 'inputs'),
    outputs: tensorsOf(graph.output, node.output, 'outputs'),
    partitionName: textOf(attributes, 'partition_name') ?? node.name ?? '',
    sdkVersion: textOf(attributes, 'ep_sdk_version'),
    hardwareArchitecture: textOf(attributes, 'hardware_architecture'),
    modelFileName: textOf(attributes, 'onnx_model_filename'),
  }
}

/** Whether a GPU of this compute capability (`8.6`) runs the engine; one that does not say what it is for does not. */
export function fitsHardware(
  context: Pick<EpContext, 'hardwareArchitecture'>,
  computeCapability: string,
): boolean {
  const own = computeCapability.replace('.', '')
  const { hardwareArchitecture } = context
  return hardwareArchitecture === '80+' ? Number(own) >= 80 : hardwareArchitecture === own
}

type Attributes = ReadonlyMap<string, Onnx.IAttributeProto>

function engineOf(attributes: Attributes): EpContext['engine'] {
  if (integerOf(attributes, 'main_context', 1) !== 1)
    throw refusal('its engine lies in another node')
  const content = attributes.get('ep_cache_context')?.s
  if (!content || content.length === 0) throw refusal('it holds no engine')
  const mode = integerOf(attributes, 'embed_mode', 1)
  if (mode === 1) return { bytes: content }
  if (mode !== 0) throw refusal(`its embed_mode is ${mode}`)
  const path = new TextDecoder().decode(content)
  checkPath(path)
  return { path }
}

function checkProvider(attributes: Attributes): void {
  const found = textOf(attributes, 'source')
  if (found === null || found === source) return
  throw new EpContextError('other_provider', `the engine is one of ${found}, not of TensorRT`)
}

function tensorsOf(
  infos: Onnx.IValueInfoProto[] | null | undefined,
  names: readonly string[] | null | undefined,
  what: string,
): TensorInfo[] {
  const tensors = (infos ?? []).map(tensorInfoOf).filter((tensor) => tensor !== null)
  const wanted = (names ?? []).join(', ')
  const found = tensors.map(({ name }) => name).join(', ')
  if (tensors.length > 0 && tensors.length === infos?.length && wanted === found) return tensors
  throw refusal(`its ${what} are [${found}], its node’s [${wanted}]`)
}

function checkSize(bytes: number, what: string): void {
  if (bytes <= epContextBytesMax) return
  throw new EpContextError(
    'too_large',
    `${what} has ${bytes} bytes, ${epContextBytesMax} at most; keep the engine in a file of its own`,
  )
}

function checkPath(path: string): void {
  const reason = refusalOfEnginePath(path)
  if (reason !== null) throw new EpContextError('unsafe_path', reason)
}

function graphOf(file: Uint8Array): Onnx.IGraphProto {
  try {
    return onnx.ModelProto.decode(file).graph ?? {}
  } catch (cause) {
    throw new EpContextError('not_onnx', `not an ONNX file: ${messageOf(cause)}`, { cause })
  }
}

function nodeOf({ node: nodes }: Onnx.IGraphProto): Onnx.INodeProto {
  const [node, ...others] = nodes ?? []
  if (node === undefined || others.length > 0)
    throw refusal(`${nodes?.length ?? 0} nodes instead of one`)
  if (node.opType === operator && node.domain === domain) return node
  throw refusal(`its node is ${node.domain ?? ''}.${node.opType ?? ''}`)
}

function refusal(reason: string): EpContextError {
  return new EpContextError('not_ep_context', `no prebuilt engine: ${reason}`)
}

function integer(name: string, i: number): Onnx.IAttributeProto {
  return { name, type: INT, i }
}

function string(name: string, s: Uint8Array): Onnx.IAttributeProto {
  return { name, type: STRING, s }
}

function optional(name: string, text: string | null): Onnx.IAttributeProto[] {
  return text === null ? [] : [string(name, utf8(text))]
}

function integerOf(attributes: Attributes, name: string, byDefault: number): number {
  const attribute = attributes.get(name)
  return attribute === undefined ? byDefault : Number(attribute.i ?? 0)
}

function textOf(attributes: Attributes, name: string): string | null {
  const text = attributes.get(name)?.s
  return text ? new TextDecoder().decode(text) : null
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
