import { definitionOf } from '../kube/decode.ts';
import { isRecord } from '../kube/json.ts';
import { type Compiler, type Expression, ExpressionError, type Variable } from './cel/expression.ts';
import { mayHoldExpression, type Piece, readPieces, UnclosedExpression } from './cel/interpolation.ts';
import type { Scope } from './cel/scope.ts';
import { FIELDS } from './fields.ts';
import { type Finding, type FindingCode, onSidecar } from './finding.ts';
import type { MainContainerAdditions, Share, SidecarSpec, SidecarTemplate } from './sidecar.ts';

/** What a sidecar brings to one Pod: its definition with the expressions' values. */
export interface Brought {
  template: SidecarTemplate;
  mainContainers: readonly MainContainerAdditions[];
  share: readonly Share[];
}

export interface Renderer {
  /** The variables that the result depends on. */
  uses: ReadonlySet<Variable>;
  /** Frozen all through, as results may be shared. @throws RenderError */
  render(scope: Scope): Brought;
  /** What can be known without a Pod, and the paths where only a Pod can tell. */
  sample(scope: Scope): { brought: Brought; unknown: readonly string[] };
}

/** An expression without a usable value for this Pod. */
export class RenderError extends Error {
  override readonly name = 'RenderError';
  readonly finding: Finding;

  constructor(code: FindingCode, path: string, message: string) {
    super(message);
    this.finding = onSidecar(code, path, message);
  }
}

/** A value with expressions in it, or without: then `constant` is its copy. */
type Node = { constant: unknown } | { evaluate(scope: Scope, place: Place): unknown };

/** How values are asked for: for real, or as a sample that notes what it cannot know. */
interface Place {
  unknown?: string[];
}

/** Compiles what a sidecar brings. Findings are of expressions that cannot work for any Pod. */
export function compileRenderer(spec: SidecarSpec, compiler: Compiler): { renderer: Renderer; findings: Finding[] } {
  const building = new Building(compiler);
  const parts = {
    template: building.value(spec.template ?? {}, '#SidecarTemplate', 'spec.template'),
    mainContainers: building.value(spec.mainContainers ?? [], '[]#MainContainerAdditions', 'spec.mainContainers'),
    share: building.value(spec.share ?? [], '[]#Share', 'spec.share'),
  };
  const render = (scope: Scope, place: Place): Brought =>
    deepFreeze(
      Object.fromEntries(Object.entries(parts).map(([name, node]) => [name, resolve(node, scope, place)])),
    ) as unknown as Brought;
  return {
    findings: building.findings,
    renderer: {
      uses: building.uses,
      render: (scope) => render(scope, {}),
      sample: (scope) => {
        const unknown: string[] = [];
        return { brought: render(scope, { unknown }), unknown };
      },
    },
  };
}

class Building {
  readonly findings: Finding[] = [];
  readonly uses = new Set<Variable>();
  private readonly compiler: Compiler;

  constructor(compiler: Compiler) {
    this.compiler = compiler;
  }

  value(value: unknown, type: string, path: string): Node {
    if (typeof value === 'string') return this.text(value, type, path);
    if (Array.isArray(value)) {
      const item = type.startsWith('[]') ? type.slice(2) : '';
      return list(value.map((one, i) => this.value(one, item, `${path}[${i}]`)));
    }
    if (!isRecord(value)) return { constant: value };
    return map(
      Object.entries(value).map(([key, one]): [string, Node] => [
        key,
        this.value(one, fieldType(type, key), type.startsWith('{}') ? `${path}[${key}]` : `${path}.${key}`),
      ]),
    );
  }

  private text(text: string, type: string, path: string): Node {
    if (!mayHoldExpression(text)) return { constant: text };
    try {
      const pieces = readPieces(text).map((piece) => this.piece(piece));
      if (pieces.every((piece) => typeof piece === 'string')) return { constant: pieces.join('') };
      return dynamic(pieces, type, path);
    } catch (error) {
      this.findings.push(expressionFinding(error, path));
      return { constant: undefined };
    }
  }

  private piece(piece: Piece): string | Expression {
    if (typeof piece === 'string') return piece;
    const expression = this.compiler.compile(piece.expression);
    for (const name of expression.uses) this.uses.add(name);
    return expression;
  }
}

function dynamic(pieces: readonly (string | Expression)[], type: string, path: string): Node {
  const [only] = pieces;
  const whole = pieces.length === 1 && typeof only === 'object' ? only : undefined;
  const needsPod = pieces.some(
    (piece) => typeof piece === 'object' && [...piece.uses].some((name) => name !== 'params'),
  );
  return {
    evaluate(scope, { unknown }) {
      if (unknown !== undefined && needsPod) {
        unknown.push(path);
        return PLACEHOLDERS[type];
      }
      try {
        return whole
          ? asField(whole.evaluate(scope), type, path)
          : pieces.map((piece) => textOf(piece, scope)).join('');
      } catch (error) {
        throw error instanceof RenderError ? error : new RenderError('ExpressionFailed', path, messageOf(error));
      }
    },
  };
}

const PLACEHOLDERS: Record<string, unknown> = { string: 'placeholder', integer: 1, boolean: true, port: 1 };

function textOf(piece: string | Expression, scope: Scope): string {
  if (typeof piece === 'string') return piece;
  const value = piece.evaluate(scope);
  if (value !== null && typeof value !== 'object') return String(value);
  const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : 'a map';
  throw new ExpressionError('ExpressionFailed', `"${piece.text}" is ${found}, which has no place inside a text`);
}

/** A whole expression has the value's type; where the field takes text only, the value's text. null leaves the field out. */
function asField(value: unknown, type: string, path: string): unknown {
  if (value === null) return undefined;
  const isText = type === 'string' || type === 'quantity';
  if (isText && (typeof value === 'number' || typeof value === 'boolean')) return String(value);
  const wanted = JSON_TYPES[type];
  if (wanted === undefined || wanted.includes(typeof value)) return value;
  throw new RenderError(
    'InvalidParameter',
    path,
    `Invalid value: ${JSON.stringify(value)}: must be of type ${type === 'port' ? 'integer or string' : type}`,
  );
}

const JSON_TYPES: Record<string, readonly string[]> = {
  string: ['string'],
  integer: ['number'],
  number: ['number'],
  boolean: ['boolean'],
  port: ['number', 'string'],
  'int-or-string': ['number', 'string'],
};

function list(items: readonly Node[]): Node {
  if (items.every((item) => 'constant' in item)) return { constant: items.map((item) => item.constant) };
  return {
    evaluate: (scope, place) => items.map((item) => resolve(item, scope, place)).filter((item) => item !== undefined),
  };
}

function map(entries: readonly [string, Node][]): Node {
  const build = (read: (node: Node) => unknown): Record<string, unknown> =>
    Object.fromEntries(entries.map(([key, node]) => [key, read(node)]).filter(([, value]) => value !== undefined));
  if (entries.every(([, node]) => 'constant' in node))
    return { constant: build((node) => ('constant' in node ? node.constant : undefined)) };
  return { evaluate: (scope, place) => build((node) => resolve(node, scope, place)) };
}

function resolve(node: Node, scope: Scope, place: Place): unknown {
  return 'constant' in node ? node.constant : node.evaluate(scope, place);
}

function fieldType(type: string, key: string): string {
  if (type.startsWith('{}')) return type.slice(2);
  const name = type === 'shared-path' ? 'SharedPath' : type.replace(/^#/, '');
  return FIELDS[name]?.[key]?.type ?? definitionOf(name)?.properties[key] ?? '';
}

/** An expression that failed to compile, as a finding. */
export function expressionFinding(error: unknown, path: string): Finding {
  if (error instanceof ExpressionError) return onSidecar(error.code, path, error.message);
  if (error instanceof UnclosedExpression) return onSidecar('InvalidExpression', path, error.message);
  throw error;
}

function messageOf(error: unknown): string {
  if (error instanceof ExpressionError) return error.message;
  throw error;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
