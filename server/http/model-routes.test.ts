import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InferenceError } from '#gpu/inference-error.ts'
import { SwapError } from '#gpu/swap-error.ts'
import { problemSchema } from '#protocol/api.ts'
import { type ModelActivation, modelActivationSchema, modelsSchema } from '#protocol/models.ts'
import { appOf, models } from './fake-app.ts'

const activation: ModelActivation = {
  active: { name: 'n', sha256: 'cd', executionProvider: 'cpu' },
  changed: true,
  swap: null,
  persisted: false,
  atStart: 'm',
}
const loading = { model: 'n', phase: 'loading', startedAt: '2026-01-01T00:00:00.000Z' } as const

function activate(outcome: () => Promise<ModelActivation>): Promise<Response> {
  const app = appOf({ models: { list: () => Promise.resolve(models), activate: outcome } })
  return Promise.resolve(app.request('/api/models/n/activate', { method: 'POST' }))
}

test('The prepared models are listed, and never cached.', async () => {
  const response = await appOf().request('/api/models')
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.deepEqual(modelsSchema.parse(await response.json()), models)
})

for (const { name, of, status } of [
  { name: 'serves', of: activation, status: 200 },
  { name: 'served already', of: { ...activation, changed: false }, status: 200 },
  {
    name: 'served already while another one is being loaded',
    of: { ...activation, changed: false, swap: loading },
    status: 200,
  },
  { name: 'is still being loaded', of: { ...activation, swap: loading }, status: 202 },
])
  test(`A model that ${name} is answered with ${status}.`, async () => {
    const response = await activate(() => Promise.resolve(of))
    assert.equal(response.status, status)
    assert.deepEqual(modelActivationSchema.parse(await response.json()), of)
  })

for (const { error, status } of [
  { error: new SwapError('swap_in_progress', 'one at a time', { retryable: true }), status: 409 },
  { error: new SwapError('detector_closed', 'closing'), status: 503 },
  { error: new InferenceError('self_test_failed', 'colours are swapped'), status: 422 },
  { error: new InferenceError('model_altered', 'another file'), status: 422 },
  { error: new InferenceError('provider_unavailable', 'no cuda'), status: 422 },
  { error: new InferenceError('start_timeout', 'two minutes'), status: 500 },
  { error: new InferenceError('inference_lost', 'it ended'), status: 500 },
])
  test(`A change that ends with ${error.code} is answered with ${status}, the code and the sentence.`, async () => {
    const response = await activate(() => Promise.reject(error))
    assert.equal(response.status, status)
    assert.equal(response.headers.get('retry-after'), error.retryable ? '1' : null)
    const problem = problemSchema.parse(await response.json())
    assert.deepEqual([problem.code, problem.detail], [error.code, error.message])
    assert.notEqual(problem.title, '')
  })

test('A model that there is not is 404; only POST activates; pages of other origins may not.', async () => {
  const app = appOf()
  const post = { method: 'POST' }
  const unknown = await app.request('/api/models/none/activate', post)
  assert.equal(unknown.status, 404)
  assert.equal(problemSchema.parse(await unknown.json()).code, 'unknown_model')
  const got = await app.request('/api/models/none/activate')
  assert.equal(got.status, 405)
  assert.equal(got.headers.get('allow'), 'POST')
  assert.equal((await app.request('/api/models', post)).status, 405)
  const headers = { origin: 'https://evil.example' }
  const foreign = await app.request('/api/models/n/activate', { ...post, headers })
  assert.equal(foreign.status, 403)
})
