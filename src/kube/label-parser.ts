import { quote } from './field-errors.ts';
import { InvalidSelector, type LabelOperator, type LabelRequirement, requirement } from './label-requirement.ts';
import { isQualifiedName } from './names.ts';

/**
 * Reads the query-string form: `app=web,tier!=db,env in (a, b),!canary,size>3`. The empty text selects everything.
 * @throws InvalidSelector with the words of apimachinery `pkg/labels`
 */
export function parseLabelSelector(text: string): LabelRequirement[] {
  return new Parser(scan(text)).selector();
}

interface Token {
  /** The symbol or keyword itself, or `word`, or `end`. */
  kind: string;
  text: string;
}

const SYMBOLS = /^(?:==|!=|[=!(),<>])/;

function scan(text: string): Token[] {
  const tokens: Token[] = [];
  let rest = text.replace(/^[ \t\r\n]+/, '');
  while (rest !== '') {
    const symbol = SYMBOLS.exec(rest)?.[0];
    const word = symbol ?? /^[^=!(),<> \t\r\n]+/.exec(rest)?.[0] ?? rest;
    const known = symbol !== undefined || word === 'in' || word === 'notin';
    tokens.push({ kind: known ? word : 'word', text: word });
    rest = rest.slice(word.length).replace(/^[ \t\r\n]+/, '');
  }
  return [...tokens, { kind: 'end', text: '' }];
}

const BINARY_OPERATORS: Record<string, LabelOperator> = {
  in: 'in',
  '=': '=',
  '==': '==',
  '>': 'gt',
  '<': 'lt',
  notin: 'notin',
  '!=': '!=',
};

class Parser {
  private readonly tokens: Token[];
  private position = 0;

  constructor(tokens: Token[]) {
    this.tokens = tokens;
  }

  selector(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    if (this.look().kind === 'end') return requirements;
    if (!this.startsRequirement())
      this.fail(`found '${this.look().text}', expected: !, identifier, or 'end of string'`);
    for (;;) {
      requirements.push(this.requirement());
      const next = this.take();
      if (next.kind === 'end') return requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
      if (next.kind !== ',') this.fail(`found '${next.text}', expected: ',' or 'end of string'`);
      if (!this.startsRequirement()) this.fail(`found '${this.look().text}', expected: identifier after ','`);
    }
  }

  private requirement(): LabelRequirement {
    try {
      const negated = this.look().kind === '!';
      if (negated) this.take();
      const key = this.take('value');
      if (key.kind !== 'word') this.fail(`found '${key.text}', expected: identifier`);
      const why = isQualifiedName(key.text).join('; ');
      // apimachinery has no path here and prints Go's nil.
      if (why !== '') this.fail(`<nil>: Invalid value: ${quote(key.text)}: ${why}`);
      if (negated) return requirement(key.text, '!', []);
      if (['end', ','].includes(this.look().kind)) return requirement(key.text, 'exists', []);
      const operator = this.operator();
      const values = operator === 'in' || operator === 'notin' ? this.list() : [this.exactValue()];
      return requirement(key.text, operator, values);
    } catch (error) {
      throw error instanceof InvalidSelector
        ? new InvalidSelector(`unable to parse requirement: ${error.message}`)
        : error;
    }
  }

  private operator(): LabelOperator {
    const token = this.take();
    const operator = BINARY_OPERATORS[token.kind];
    if (operator === undefined) return this.fail(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
    return operator;
  }

  /** `(a, b)`; empty places count as the empty value. */
  private list(): string[] {
    const open = this.take('value');
    if (open.kind !== '(') this.fail(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    let lastWasValue = false;
    for (;;) {
      const token = this.take('value');
      if (token.kind === 'word' && !lastWasValue) values.add(token.text);
      else if (token.kind === ',' && !lastWasValue) values.add('');
      else if (token.kind === ')') {
        if (!lastWasValue) values.add('');
        return [...values].sort();
      } else if (token.kind !== ',') {
        this.fail(`found '${token.text}', expected: ${lastWasValue ? "',' or ')'" : "',', ')' or identifier"}`);
      }
      lastWasValue = token.kind === 'word';
    }
  }

  private exactValue(): string {
    const kind = this.look('value').kind;
    if (kind === 'end' || kind === ',') return '';
    const token = this.take('value');
    if (token.kind !== 'word') this.fail(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  private startsRequirement(): boolean {
    return ['word', '!'].includes(this.look('value').kind);
  }

  /** `in` and `notin` are words where a key or value stands. */
  private look(place: 'operator' | 'value' = 'operator'): Token {
    const token = this.tokens[this.position] ?? { kind: 'end', text: '' };
    const isWord = place === 'value' && (token.kind === 'in' || token.kind === 'notin');
    return isWord ? { kind: 'word', text: token.text } : token;
  }

  private take(place: 'operator' | 'value' = 'operator'): Token {
    const token = this.look(place);
    this.position++;
    return token;
  }

  private fail(message: string): never {
    throw new InvalidSelector(message);
  }
}
