import { expect } from 'vitest';
import { LABEL, rules, SUBDOMAIN, spec } from './fixtures/table.ts';

rules('network, DNS and hosts', [
  [
    'an unknown DNS policy',
    spec({ dnsPolicy: 'x' }),
    [
      'spec.dnsPolicy: Unsupported value: "x": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ],
  ],
  [
    'DNS None without config',
    spec({ dnsPolicy: 'None' }),
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  [
    'DNS None without servers',
    spec({ dnsPolicy: 'None', dnsConfig: {} }),
    ['spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None'],
  ],
  [
    'a name server that is no address',
    spec({ dnsConfig: { nameservers: ['x'] } }),
    [
      'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ],
  [
    'four name servers',
    spec({ dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } }),
    [
      'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 nameservers',
    ],
  ],
  ['a search with an underscore', spec({ dnsConfig: { searches: ['_tcp.example.com.', '.'] } }), []],
  [
    'a host alias that is no address',
    spec({ hostAliases: [{ ip: 'x', hostnames: ['a'] }] }),
    ['spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  [
    'a host alias in upper case',
    spec({ hostAliases: [{ ip: '1.1.1.1', hostnames: ['A'] }] }),
    [`spec.hostAliases[0].hostnames[0]: ${SUBDOMAIN('A')}`],
  ],
  ['a host name with dots', spec({ hostname: 'a.b' }), ['spec.hostname: Invalid value: "a.b": must not contain dots']],
  ['an upper-case subdomain', spec({ subdomain: 'A' }), [`spec.subdomain: ${LABEL('A')}`]],

  [
    'too many searches',
    spec({ dnsConfig: { searches: Array.from({ length: 33 }, (_, n) => `n${n}`) } }),
    [
      expect.stringMatching(
        /^spec\.dnsConfig\.searches: Invalid value: \["n0",.*\]: must not have more than 32 search paths$/,
      ) as unknown as string,
    ],
  ],
  [
    'searches that are too long together',
    spec({ dnsConfig: { searches: Array.from({ length: 10 }, (_, n) => `${'a.'.repeat(120)}n${n}`) } }),
    [
      expect.stringMatching(
        /^spec\.dnsConfig\.searches: .*: must not have more than 2048 characters \(including spaces\) in the search list$/,
      ) as unknown as string,
    ],
  ],
  [
    'a DNS option without name',
    spec({ dnsConfig: { options: [{ value: '1' }] } }),
    ['spec.dnsConfig.options[0]: Required value: must not be empty'],
  ],
  [
    'a host name that is too long',
    spec({ hostname: 'a'.repeat(64) }),
    [`spec.hostname: Invalid value: "${'a'.repeat(64)}": must be no more than 63 characters`],
  ],
]);
