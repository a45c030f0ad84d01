import { expect, test } from 'vitest';
import { qosClass } from './qos.ts';

const both = (cpu: string, memory: string) => ({ cpu, memory });

test.each([
  ['nothing asked', [{}], 'BestEffort'],
  ['zero asked', [{ requests: both('0', '0') }], 'BestEffort'],
  ['other resources do not count', [{ requests: { 'ephemeral-storage': '1Gi' } }], 'BestEffort'],
  ['limits equal requests', [{ limits: both('1', '1Gi'), requests: both('1000m', '1024Mi') }], 'Guaranteed'],
  ['no cpu limit', [{ limits: { memory: '1Gi' }, requests: { memory: '1Gi' } }], 'Burstable'],
  ['a smaller request', [{ limits: both('1', '1Gi'), requests: both('500m', '1Gi') }], 'Burstable'],
  ['one container without limits', [{ limits: both('1', '1Gi'), requests: both('1', '1Gi') }, {}], 'Burstable'],
])('%s: %s', (_, resources, expected) => {
  const containers = resources.map((r, i) => ({ name: `c${i}`, resources: r }));
  expect(qosClass({ spec: { containers } } as never)).toBe(expected);
});

test('init containers count too', () => {
  const guaranteed = { limits: both('1', '1Gi'), requests: both('1', '1Gi') };
  const spec = { containers: [{ name: 'c', resources: guaranteed }], initContainers: [{ name: 'i' }] };
  expect(qosClass({ spec })).toBe('Burstable');
});
