import { describe, expect, test } from 'vitest';
import { busybox, makePod } from '../../test/pods/world.ts';
import type { Node, PodSpec } from '../kube/generated/objects.ts';
import { misfit } from './fit.ts';

const NODE: Node = {
  metadata: { name: 'node1', labels: { disk: 'ssd', size: '8' } },
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '3' } },
};

const affinity = (matchExpressions: { key: string; operator: string; values?: string[] }[]): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  },
});
const asks = (requests: Record<string, string>): Partial<PodSpec> => ({
  containers: [busybox('c', { resources: { requests } })],
});
const port = (hostPort: number, more = {}): Partial<PodSpec> => ({
  containers: [busybox('c', { ports: [{ containerPort: 80, hostPort, ...more }] })],
});
const NOT_MATCHED = { reasons: ["node(s) didn't match Pod's node affinity/selector"], helpless: true };
const NO_PORTS = { reasons: ["node(s) didn't have free ports for the requested pod ports"], helpless: false };

interface Case {
  name: string;
  spec?: Partial<PodSpec>;
  node?: Partial<Node>;
  others?: Partial<PodSpec>[];
  expected?: ReturnType<typeof misfit>;
}

const CASES: Case[] = [
  { name: 'a plain Pod fits' },
  { name: 'nodeSelector that matches', spec: { nodeSelector: { disk: 'ssd' } } },
  { name: 'nodeSelector that does not', spec: { nodeSelector: { disk: 'hdd' } }, expected: NOT_MATCHED },
  { name: 'In', spec: affinity([{ key: 'disk', operator: 'In', values: ['ssd', 'x'] }]) },
  { name: 'In, other', spec: affinity([{ key: 'disk', operator: 'In', values: ['x'] }]), expected: NOT_MATCHED },
  { name: 'NotIn', spec: affinity([{ key: 'disk', operator: 'NotIn', values: ['ssd'] }]), expected: NOT_MATCHED },
  { name: 'NotIn without the label', spec: affinity([{ key: 'none', operator: 'NotIn', values: ['ssd'] }]) },
  { name: 'Exists', spec: affinity([{ key: 'none', operator: 'Exists' }]), expected: NOT_MATCHED },
  { name: 'DoesNotExist', spec: affinity([{ key: 'disk', operator: 'DoesNotExist' }]), expected: NOT_MATCHED },
  { name: 'Gt', spec: affinity([{ key: 'size', operator: 'Gt', values: ['7'] }]) },
  { name: 'Gt, equal', spec: affinity([{ key: 'size', operator: 'Gt', values: ['8'] }]), expected: NOT_MATCHED },
  { name: 'Lt', spec: affinity([{ key: 'size', operator: 'Lt', values: ['9'] }]) },
  { name: 'an empty term matches nothing', spec: affinity([]), expected: NOT_MATCHED },
  {
    name: 'terms are alternatives, fields are looked at',
    spec: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'none', operator: 'Exists' }] },
              { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node1'] }] },
            ],
          },
        },
      },
    },
  },
  {
    name: 'a cordoned node',
    node: { spec: { unschedulable: true } },
    expected: { reasons: ['node(s) were unschedulable'], helpless: true },
  },
  {
    name: 'a taint',
    node: { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } },
    expected: { reasons: ['node(s) had untolerated taint {gpu: yes}'], helpless: true },
  },
  { name: 'a taint that only prefers', node: { spec: { taints: [{ key: 'gpu', effect: 'PreferNoSchedule' }] } } },
  {
    name: 'a tolerated taint',
    spec: { tolerations: [{ key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' }] },
    node: { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } },
  },
  {
    name: 'a toleration of everything',
    spec: { tolerations: [{ operator: 'Exists' }] },
    node: { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoExecute' }], unschedulable: true } },
  },
  {
    name: 'a toleration of another value',
    spec: { tolerations: [{ key: 'gpu', value: 'no' }] },
    node: { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } },
    expected: { reasons: ['node(s) had untolerated taint {gpu: yes}'], helpless: true },
  },
  { name: 'a taken port', spec: port(8080), others: [port(8080)], expected: NO_PORTS },
  { name: 'the same port of another protocol', spec: port(8080), others: [port(8080, { protocol: 'UDP' })] },
  {
    name: 'the same port on another address',
    spec: port(8080, { hostIP: '127.0.0.1' }),
    others: [port(8080, { hostIP: '127.0.0.2' })],
  },
  {
    name: 'all addresses against one',
    spec: port(8080),
    others: [port(8080, { hostIP: '127.0.0.1' })],
    expected: NO_PORTS,
  },
  { name: 'as much as there is', spec: asks({ cpu: '4', memory: '8Gi' }) },
  {
    name: 'more than there ever will be',
    spec: asks({ cpu: '5' }),
    expected: { reasons: ['Insufficient cpu'], helpless: true },
  },
  {
    name: 'more than is left',
    spec: asks({ cpu: '2' }),
    others: [asks({ cpu: '3' })],
    expected: { reasons: ['Insufficient cpu'], helpless: false },
  },
  {
    name: 'two things are short',
    spec: asks({ cpu: '2', memory: '5Gi' }),
    others: [asks({ cpu: '3', memory: '4Gi' })],
    expected: { reasons: ['Insufficient cpu', 'Insufficient memory'], helpless: false },
  },
  {
    name: 'a resource that the node does not have',
    spec: asks({ 'example.com/gpu': '1' }),
    expected: { reasons: ['Insufficient example.com/gpu'], helpless: true },
  },
  { name: 'too many Pods', others: [{}, {}, {}], expected: { reasons: ['Too many pods'], helpless: false } },
  { name: 'a node that tells nothing of itself refuses nothing', node: { status: {} }, spec: asks({ cpu: '500' }) },
  {
    name: 'the first filter speaks',
    spec: { ...asks({ cpu: '500' }), nodeSelector: { disk: 'hdd' } },
    node: { spec: { unschedulable: true } },
    expected: { reasons: ['node(s) were unschedulable'], helpless: true },
  },
];

describe('misfit', () => {
  test.each(CASES)('$name', ({ spec, node, others = [], expected }) => {
    const pods = others.map((other, index) => makePod(`other${index}`, other));
    expect(misfit(makePod('p', spec), { ...NODE, ...node }, pods)).toEqual(expected);
  });
});
