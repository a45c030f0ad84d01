import { describe, expect, it } from 'vitest';
import type { Container, PodSpec } from './generated/objects.ts';
import { podResources } from './pod-resources.ts';
import { formatQuantity } from './quantity.ts';

const asks = (name: string, requests: Record<string, string>, more: Partial<Container> = {}): Container => ({
  name,
  image: 'i',
  resources: { requests },
  ...more,
});
const cpu = (name: string, amount: string): Container => asks(name, { cpu: amount });
const native = (name: string, amount: string): Container => ({ ...cpu(name, amount), restartPolicy: 'Always' });
const bounded = (name: string, limits: Record<string, string>): Container => ({
  name,
  image: 'i',
  resources: { limits },
});

function sums(spec: Partial<PodSpec>, of: 'requests' | 'limits' = 'requests'): Record<string, string> {
  const found = podResources({ containers: [], ...spec }, of);
  return Object.fromEntries([...found].map(([name, amount]) => [name, formatQuantity(amount)]));
}

describe('what a Pod counts for (KEP-753)', () => {
  const CASES: [string, Partial<PodSpec>, Record<string, string>][] = [
    ['nothing asked', { containers: [{ name: 'a', image: 'i' }] }, {}],
    ['main containers add up', { containers: [cpu('a', '1'), cpu('b', '500m')] }, { cpu: '1500m' }],
    [
      'the largest init container counts, not their sum',
      { containers: [cpu('a', '1')], initContainers: [cpu('i', '3'), cpu('j', '2')] },
      { cpu: '3' },
    ],
    [
      'native sidecars run beside the main containers',
      { containers: [cpu('a', '1')], initContainers: [native('s', '1'), native('t', '2')] },
      { cpu: '4' },
    ],
    [
      'and beside the init containers after them',
      { containers: [cpu('a', '1')], initContainers: [native('s', '1'), cpu('i', '3')] },
      { cpu: '4' },
    ],
    [
      'but not beside those before them: the order changes the bill',
      { containers: [cpu('a', '1')], initContainers: [cpu('i', '3'), native('s', '1')] },
      { cpu: '3' },
    ],
    ['overhead comes on top', { containers: [cpu('a', '1')], overhead: { cpu: '250m' } }, { cpu: '1250m' }],
    ['overhead of a Pod that asks for nothing', { overhead: { memory: '1Mi' } }, { memory: '1Mi' }],
    ['a limit is a request', { containers: [bounded('a', { cpu: '2' })] }, { cpu: '2' }],
    [
      'resources are counted each for itself',
      { containers: [cpu('a', '1')], initContainers: [asks('i', { memory: '10Mi', cpu: '500m' })] },
      { memory: '10Mi', cpu: '1' },
    ],
    [
      'sums keep the unit that came first',
      { containers: [asks('a', { memory: '1Gi' }), asks('b', { memory: '512Mi' })] },
      { memory: '1536Mi' },
    ],
    ['what is no quantity counts for nothing', { containers: [cpu('a', 'much'), cpu('b', '1')] }, { cpu: '1' }],
  ];
  it.each(CASES)('%s', (_, spec, expected) => {
    expect(sums(spec)).toEqual(expected);
  });
});

describe('its limits', () => {
  it.each<[string, Partial<PodSpec>, Record<string, string>]>([
    ['add up as requests do', { containers: [bounded('a', { cpu: '1' }), bounded('b', { cpu: '2' })] }, { cpu: '3' }],
    ['requests are no limits', { containers: [cpu('a', '1')] }, {}],
    [
      'overhead comes on top only where there is a limit',
      { containers: [bounded('a', { cpu: '1' })], overhead: { cpu: '250m', memory: '1Mi' } },
      { cpu: '1250m' },
    ],
  ])('%s', (_, spec, expected) => {
    expect(sums(spec, 'limits')).toEqual(expected);
  });
});
