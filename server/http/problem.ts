import type { InferenceErrorCode } from '#gpu/inference-error.ts'
import type { SwapErrorCode } from '#gpu/swap-error.ts'
import type { Problem } from '#protocol/api.ts'
import { redactSecrets } from '#std/redact.ts'
import type { CameraCode } from '../camera/camera-error.ts'
import type { RelayCode } from '../relay/relay.ts'

/** The stable codes of this API's errors, and the status of each. */
const statusOf = {
  malformed_json: 400,
  bad_offer: 400,
  origin_not_allowed: 403,
  not_found: 404,
  unknown_camera: 404,
  unknown_model: 404,
  unknown_session: 404,
  method_not_allowed: 405,
  no_common_codec: 406,
  camera_exists: 409,
  camera_managed_by_file: 409,
  too_many_cameras: 409,
  swap_in_progress: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  host_not_allowed: 421,
  invalid: 422,
  card_invalid: 422,
  model_altered: 422,
  model_invalid: 422,
  model_missing: 422,
  provider_unavailable: 422,
  self_test_failed: 422,
  upgrade_required: 426,
  internal: 500,
  inference_lost: 500,
  start_failed: 500,
  start_timeout: 500,
  detector_closed: 503,
  relay_restarting: 503,
  too_many_viewers: 503,
} as const satisfies Readonly<Record<string, number>> &
  Readonly<Record<CameraCode | RelayCode | InferenceErrorCode | SwapErrorCode, number>>
export type ProblemCode = keyof typeof statusOf

/** RFC 9110 phrases; the title says the status, the code says the problem. */
const titleOf: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  426: 'Upgrade Required',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

export const problemType = 'application/problem+json'

/** An error as RFC 9457 problem details; `detail` is one sentence, from which secrets are taken out. */
export function problemOf(
  code: ProblemCode,
  detail: string,
  errors?: NonNullable<Problem['errors']>,
): Problem {
  const status = statusOf[code]
  const problem = {
    type: 'about:blank',
    title: titleOf[status] ?? '',
    status,
    detail: redactSecrets(detail),
    code,
  }
  return errors === undefined ? problem : { ...problem, errors }
}

export function problemResponse(
  problem: Problem,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': problemType, 'cache-control': 'no-store', ...headers },
  })
}

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(statusOf, code)
}
