import { C, container, rules, spec } from './fixtures/table.ts';

rules('resources', [
  [
    'a request above the limit',
    container({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
    [`${C}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
  ],
  [
    'a request that equals the limit in other words',
    container({ resources: { limits: { memory: '1Gi' }, requests: { memory: '1024Mi' } } }),
    [],
  ],
  [
    'a negative amount',
    container({ resources: { limits: { cpu: '-1' } } }),
    [
      `${C}.resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
      `${C}.resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
    ],
  ],
  [
    'an unknown name',
    container({ resources: { requests: { gpu: '1' } } }),
    [
      `${C}.resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified`,
      `${C}.resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers`,
    ],
  ],
  [
    'half a device',
    container({ resources: { limits: { 'example.com/gpu': '500m' } } }),
    [
      `${C}.resources.limits[example.com/gpu]: Invalid value: 500m: must be an integer`,
      `${C}.resources.requests[example.com/gpu]: Invalid value: 500m: must be an integer`,
    ],
  ],
  [
    'a device without limit',
    container({ resources: { requests: { 'example.com/gpu': '1' } } }),
    [`${C}.resources.limits: Required value: Limit must be set for non overcommitable resources`],
  ],
  [
    'huge pages alone',
    container({ resources: { limits: { 'hugepages-2Mi': '4Mi' } } }),
    [`${C}.resources: Forbidden: HugePages require cpu or memory`],
  ],
  [
    'an unknown claim',
    container({ resources: { claims: [{ name: 'x' }] } }),
    [`${C}.resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty`],
  ],

  [
    'a device that is asked for by halves',
    container({ resources: { limits: { 'example.com/gpu': '2' }, requests: { 'example.com/gpu': '1' } } }),
    [`${C}.resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2`],
  ],
  [
    'half a huge page',
    container({ resources: { limits: { cpu: '1', 'hugepages-2Mi': '1Mi' } } }),
    [
      `${C}.resources.limits[hugepages-2Mi]: Invalid value: "1Mi": 1Mi is not positive integer multiple of hugepages-2Mi`,
      `${C}.resources.requests[hugepages-2Mi]: Invalid value: "1Mi": 1Mi is not positive integer multiple of hugepages-2Mi`,
    ],
  ],
  [
    'a claim twice, and one without name',
    (pod) => {
      pod.spec.resourceClaims = [{ name: 'a', resourceClaimName: 'x' }];
      pod.spec.containers[0].resources = { claims: [{ name: 'a' }, { name: 'a' }, {}] };
    },
    [`${C}.resources.claims[1]: Duplicate value: "a"`, `${C}.resources.claims[2]: Required value`],
  ],
  [
    'claims of the Pod: without source, with two, one twice',
    spec({
      resourceClaims: [
        { name: 'a' },
        { name: 'b', resourceClaimName: 'x', resourceClaimTemplateName: 'y' },
        { name: 'b', resourceClaimName: 'x' },
      ],
    }),
    [
      'spec.resourceClaims[0]: Invalid value: {"name":"a"}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
      'spec.resourceClaims[1]: Invalid value: {"name":"b","resourceClaimName":"x","resourceClaimTemplateName":"y"}: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
      'spec.resourceClaims[2].name: Duplicate value: "b"',
    ],
  ],
]);
