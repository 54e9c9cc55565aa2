import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { authorizationOf, chooseChallenge } from './digest.ts'

describe('which challenge is answered', () => {
  const digest = 'Digest realm="cam", nonce="n1"'
  const cases: readonly (readonly [string, readonly string[], string | null])[] = [
    ['none', [], null],
    ['only ones that nobody here knows', ['Negotiate', 'Bearer realm="x"'], null],
    ['a digest without a nonce', ['Digest realm="cam"'], null],
    ['a digest of an unknown algorithm', [`${digest}, algorithm=SHA-512-256`], null],
    ['the first usable one wins', ['Negotiate', digest, 'Basic realm="cam"'], 'digest'],
    ['and that may be Basic', ['Basic realm="cam"', digest], 'basic'],
    ['an unknown algorithm is passed over', [`${digest}, algorithm=X`, 'Basic realm="c"'], 'basic'],
    ['case does not matter', ['dIgEsT realm="cam", NONCE="n1"'], 'digest'],
    ['quotes may be missing', ['Digest realm=cam, nonce=n1, algorithm=md5'], 'digest'],
    ['and spaces, too', ['Digest realm="cam",nonce="n1",stale=FALSE'], 'digest'],
  ]
  for (const [name, headers, scheme] of cases)
    test(name, () => assert.equal(chooseChallenge(headers)?.scheme ?? null, scheme))

  test('a nonce that ran out is told', () => {
    const challenge = chooseChallenge([`${digest}, stale=true`])
    assert.ok(challenge?.scheme === 'digest' && challenge.isStale)
  })

  test('random text never throws', () => {
    fc.assert(fc.property(fc.array(fc.string()), (headers) => void chooseChallenge(headers)))
    fc.assert(fc.property(fc.string(), (text) => void chooseChallenge([`Digest ${text}`])))
  })
})

describe('answers', () => {
  const mufasa = { user: 'Mufasa', password: 'Circle of Life' }
  const request = { method: 'GET', uri: '/dir/index.html', nonceCount: 1 }

  function answerTo(header: string, clientNonce = 'c1', credentials = mufasa): string {
    const challenge = chooseChallenge([header])
    assert.ok(challenge !== null)
    return authorizationOf(challenge, credentials, { ...request, clientNonce })
  }

  test('Basic (RFC 7617 section 2)', () => {
    const aladdin = { user: 'Aladdin', password: 'open sesame' }
    assert.equal(
      answerTo('Basic realm="WallyWorld"', '', aladdin),
      'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    )
  })

  const rfc7616 =
    'realm="http-auth@example.org", qop="auth, auth-int", ' +
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
  const clientNonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ'
  for (const [algorithm, response] of [
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)
    test(`Digest with qop and ${algorithm} (RFC 7616 section 3.9.1)`, () => {
      const answer = answerTo(`Digest ${rfc7616}, algorithm=${algorithm}`, clientNonce)
      assert.ok(answer.includes(`response="${response}"`), answer)
      assert.ok(answer.includes('nc=00000001') && answer.includes('qop=auth,'), answer)
      assert.ok(answer.includes('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'), answer)
      assert.ok(answer.includes(`algorithm=${algorithm}`), answer)
    })

  test('Digest without qop, as most cameras ask (RFC 2069 section 2.4)', () => {
    // md5(md5(user:realm:password):nonce:md5(method:uri)), worked out with md5sum.
    const answer = answerTo(
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
    )
    assert.ok(answer.includes('response="2951cdbad33b2271fcb6b8e7b8feac23"'), answer)
    assert.doesNotMatch(answer, /qop|cnonce|nc=|algorithm|opaque/)
  })

  test('a user with quotes in it stays one quoted text', () => {
    const answer = answerTo('Digest realm="cam", nonce="n"', '', { user: 'a"b\\c', password: 'x' })
    assert.ok(answer.includes(String.raw`username="a\"b\\c"`), answer)
  })
})
