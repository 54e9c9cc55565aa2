import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgePlausibility } from './plausible.ts'

const coco80 = ['person', 'car']
const person = { class: 'person', score: 0.9, left: 0.2, top: 0.1, width: 0.3, height: 0.6 }
const other = { class: 'person', score: 0.8, left: 0.7, top: 0.5, width: 0.2, height: 0.4 }
const scene = { people: [person, other], coco80 }
const car = { ...person, class: 'car' }
const crowd = Array.from({ length: 61 }, (_, i) => ({ ...car, left: i / 100 }))

for (const { name, classes = coco80, asIs, swapped = [], says } of [
  { name: 'boxes everywhere', asIs: crowd, says: /finds 61 objects .* scale .* head/ },
  {
    name: 'boxes everywhere of classes of its own',
    classes: ['pallet'],
    asIs: crowd,
    says: /finds 61 objects/,
  },
  { name: 'nothing', asIs: [], says: /nor anything else: the card's scale/ },
  {
    name: 'persons only with red and blue swapped',
    asIs: [],
    swapped: [other],
    says: /colour order is wrong/,
  },
  {
    name: 'other classes in their places',
    asIs: [car],
    says: /1 other objects.*order of classes.*car 0\.90/,
  },
  {
    name: 'persons elsewhere',
    asIs: [{ ...person, left: 0.5, top: 0.4 }],
    says: /the card's fit.* person 0\.90 at 0\.50,0\.40/,
  },
] as const)
  test(`A model that finds ${name} is implausible.`, () => {
    const verdict = judgePlausibility({ classes: [...classes] }, scene, { asIs, swapped })
    assert.equal(verdict.kind, 'implausible')
    assert.match(verdict.kind === 'implausible' ? verdict.sentence : '', says)
  })

for (const { name, classes = coco80, asIs, swapped = [], notes } of [
  {
    name: 'one of two persons, a little off',
    asIs: [{ ...other, score: 0.42, width: 0.23 }, car],
    notes: [/^found 1 of 2 persons .* best 0\.42$/],
  },
  {
    name: 'both persons, better with swapped colours',
    asIs: [{ ...person, score: 0.5 }, other],
    swapped: [{ ...person, score: 0.95 }],
    notes: [/^found 2 of 2 persons .* best 0\.80$/, /red and blue swapped .* 0\.95: .*\?$/],
  },
  {
    name: 'nothing of classes of its own',
    classes: ['pallet'],
    asIs: [],
    notes: [/found 0 objects .* could not be checked$/],
  },
] as const)
  test(`A model that finds ${name} is plausible, and what is known of it is said.`, () => {
    const verdict = judgePlausibility({ classes: [...classes] }, scene, { asIs, swapped })
    assert.ok(verdict.kind === 'plausible')
    assert.equal(verdict.notes.length, notes.length)
    for (const [i, note] of notes.entries()) assert.match(verdict.notes[i] ?? '', note)
  })
