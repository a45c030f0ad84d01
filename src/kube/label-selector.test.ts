import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelMatcher, labelSelectorMatcher, parseLabelSelector } from './label-selector.ts';

const WEB = { app: 'web', tier: 'front', size: '5', 'example.com/in': 'yes' };

describe('which labels a selector takes', () => {
  test.each([
    ['', true],
    ['app', true],
    ['!app', false],
    ['!canary', true],
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['app!=db', true],
    ['canary!=yes', true],
    ['app in (db, web)', true],
    ['app notin (db)', true],
    ['app notin (web,db)', false],
    ['canary in ()', false],
    ['canary notin ()', true],
    ['size>4', true],
    ['size<4', false],
    ['app=web,tier=front', true],
    ['app=web, tier in (back)', false],
    ['example.com/in=yes', true],
    ['  app  =  web  ', true],
    ['in=x', false],
    ['app=', false],
  ])('%j takes the web Pod: %s', (selector, expected) => {
    expect(labelMatcher(selector)(WEB)).toBe(expected);
  });

  test('an object without labels has none', () => {
    expect(labelMatcher('!app')(undefined)).toBe(true);
  });

  test('inherited properties are no labels', () => {
    expect(labelMatcher('constructor')({})).toBe(false);
  });
});

describe('what cannot be read', () => {
  test.each([
    [',', "found ',', expected: !, identifier, or 'end of string'"],
    ['app,', "found '', expected: identifier after ','"],
    ['app web', "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt"],
    ['app=web tier', "found 'tier', expected: ',' or 'end of string'"],
    ['app in web', "unable to parse requirement: found 'web' expected: '('"],
    ['app in (web', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a b=c', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['size>big', expect.stringContaining("for 'Gt', 'Lt' operators, the value must be an integer")],
    [
      'app=-',
      expect.stringContaining('unable to parse requirement: values[0][app]: Invalid value: "-": a valid label must be'),
    ],
    ['_=x', expect.stringContaining('unable to parse requirement: <nil>: Invalid value: "_": name part must consist')],
  ])('%j: %s', (selector, message) => {
    let said = '';
    try {
      parseLabelSelector(selector);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toEqual(message);
  });
});

describe('a selector inside an object', () => {
  test('none takes nothing, an empty one everything', () => {
    expect(labelSelectorMatcher(undefined)(WEB)).toBe(false);
    expect(labelSelectorMatcher({})(WEB)).toBe(true);
  });

  test('joins labels and expressions', () => {
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['front', 'back'] },
        { key: 'canary', operator: 'DoesNotExist' },
      ],
    };
    expect(labelSelectorMatcher(selector)(WEB)).toBe(true);
    expect(labelSelectorMatcher(selector)({ ...WEB, canary: '' })).toBe(false);
  });

  test('an unknown operator is refused', () => {
    expect(() => labelSelectorMatcher({ matchExpressions: [{ key: 'a', operator: 'Near' }] })).toThrow(
      '"Near" is not a valid label selector operator',
    );
  });
});

describe('laws', () => {
  const word = fc.stringMatching(/^[a-z]([a-z0-9]{0,6}[a-z0-9])?$/).filter((w) => w !== 'in' && w !== 'notin');
  const labels = fc.dictionary(word, word, { maxKeys: 5 });

  test('`in` and `notin` are each other’s opposite', () => {
    fc.assert(
      fc.property(word, fc.array(word, { minLength: 1, maxLength: 3 }), labels, (key, values, set) => {
        const list = values.join(',');
        expect(labelMatcher(`${key} in (${list})`)(set)).toBe(!labelMatcher(`${key} notin (${list})`)(set));
      }),
    );
  });

  test('the labels of an object, as a selector, take it', () => {
    fc.assert(
      fc.property(labels, (set) => {
        const selector = Object.entries(set).map(([k, v]) => `${k}=${v}`);
        expect(labelMatcher(selector.join(','))(set)).toBe(true);
      }),
    );
  });

  test('any text is read or refused, never worse', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'in', '=', '!', '(', ')', ',', '>', ' ', 'é') }), (text) => {
        try {
          parseLabelSelector(text);
        } catch (error) {
          expect((error as Error).name).toBe('InvalidSelector');
        }
      }),
    );
  });
});
