import { expect, test } from 'vitest'
import {
  innerChartId,
  instanceId,
  listenerAt,
  listenerId,
  listenerKey,
  splitInnerChartId,
  supervisorId,
  workerOf,
} from '../../../actors/ids.ts'

const instance = instanceId('reverse_proxy', 3)
const key = listenerKey('reverse_proxy', 2, 1)

test.each([
  [supervisorId('reverse_proxy'), 'reverse_proxy'],
  [instance, 'reverse_proxy'],
  [innerChartId(instance, 'reverse'), 'reverse_proxy'],
  [listenerId(key), 'reverse_proxy'],
  ['daemon', null],
])('the worker of %s is %s', (actor, worker) => {
  expect(workerOf(actor)).toBe(worker)
})

test('parses the id of a chart inside an instance, and no other id', () => {
  expect(splitInnerChartId('reverse_proxy#3/reverse')).toEqual({
    instance: 'reverse_proxy#3',
    chart: 'reverse',
  })
  expect([instance, listenerId(key), 'daemon'].map(splitInnerChartId)).toEqual([null, null, null])
})

test('reads the number of the address from the key of a listener', () => {
  expect(listenerAt(key)).toBe(2)
})
