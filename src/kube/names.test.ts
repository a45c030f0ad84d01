import { describe, expect, test } from 'vitest';
import {
  isConfigMapKey,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isEnvVarName,
  isHttpHeaderName,
  isIp,
  isLabelValue,
  isPortName,
  isQualifiedName,
} from './names.ts';

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

describe('what Kubernetes says of a text', () => {
  test.each<[(text: string) => string[], string, string[]]>([
    [isDns1123Label, 'web', []],
    [isDns1123Label, 'Web', [LABEL]],
    [isDns1123Label, '-web', [LABEL]],
    [isDns1123Label, '', [LABEL]],
    [isDns1123Label, 'web\n', [LABEL]],
    [isDns1123Label, 'a.b', ['must not contain dots']],
    [isDns1123Label, 'a'.repeat(64), ['must be no more than 63 characters']],
    [isDns1123Subdomain, 'example.com', []],
    [isDns1123Subdomain, 'Example', [SUBDOMAIN]],
    [isDns1123Subdomain, 'a..b', [SUBDOMAIN]],
    [isDns1123Subdomain, 'a'.repeat(254), ['must be no more than 253 characters']],
    [isDns1035Label, 'abc', []],
    [isDns1035Label, '1a', [expect.stringContaining('a DNS-1035 label must consist of')]],
    [isQualifiedName, 'app', []],
    [isQualifiedName, 'example.com/App_1', []],
    [isQualifiedName, 'a b', [`name part ${QUALIFIED}`]],
    [isQualifiedName, '', ['name part must be non-empty', `name part ${QUALIFIED}`]],
    [isQualifiedName, '/x', ['prefix part must be non-empty']],
    [isQualifiedName, 'E/x', [`prefix part ${SUBDOMAIN}`]],
    [
      isQualifiedName,
      'a/b/c',
      [`a qualified name ${QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`],
    ],
    [isQualifiedName, 'a'.repeat(64), ['name part must be no more than 63 characters']],
    [isLabelValue, '', []],
    [isLabelValue, 'v1.2_3', []],
    [isLabelValue, '-', [expect.stringContaining('a valid label must be an empty string or consist of')]],
    [isEnvVarName, '1A', []],
    [isEnvVarName, 'a.b c', []],
    [
      isEnvVarName,
      'A=B',
      ["a valid environment variable name must consist only of printable ASCII characters other than '='"],
    ],
    [isConfigMapKey, 'nginx.conf', []],
    [isConfigMapKey, '..', ["must not be '..'"]],
    [isConfigMapKey, '..x', ["must not start with '..'"]],
    [isConfigMapKey, 'a/b', [expect.stringContaining('a valid config key must consist of')]],
    [isPortName, 'http', []],
    [isPortName, '80', ['must contain at least one letter (a-z)']],
    [isPortName, 'a--b', ['must not contain consecutive hyphens']],
    [
      isPortName,
      'HTTP-',
      [
        'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'must contain at least one letter (a-z)',
        'must not begin or end with a hyphen',
      ],
    ],
    [isPortName, 'abcdefghijklmnop', ['must be no more than 15 characters']],
    [isHttpHeaderName, 'X-Y', []],
    [isHttpHeaderName, 'X Y', [expect.stringContaining('a valid HTTP header must consist of')]],
  ])('%o of %j', (check, text, expected) => {
    expect(check(text)).toEqual(expected);
  });

  test.each([
    ['10.9.8.7', true],
    ['256.1.1.1', false],
    ['1.2.3', false],
    ['::', true],
    ['::1', true],
    ['2001:db8::ffff', true],
    ['1:2:3:4:5:6:7:8', true],
    ['1:2:3:4:5:6:7', false],
    ['1::2::3', false],
    ['::ffff:1.2.3.4', true],
    ['fe80::1%eth0', false],
    ['localhost', false],
  ])('%s is an IP address: %s', (text, expected) => {
    expect(isIp(text)).toBe(expected);
  });
});
