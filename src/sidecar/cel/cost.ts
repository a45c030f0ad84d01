import type { ASTNode } from '@marcbachmann/cel-js';

/** Steps an expression may take, and how large what it makes may grow, by a bound that holds before it runs. */
interface Bound {
  steps: number;
  size: number;
}

const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
type Sizes = ReadonlyMap<string, number>;

/**
 * An upper bound of the steps an expression takes when no list, map or text that it is given has more than `size` parts: nested loops
 * multiply, and so does a name bound to twice itself. CEL has no recursion, so this always ends.
 */
export function boundOfSteps(ast: ASTNode, size: number): number {
  return bound(ast, new Map(), size).steps;
}

/** How deep loops stand in each other. */
export function loopDepth(ast: ASTNode): number {
  const inner = Math.max(0, ...childrenOf(ast).map(loopDepth));
  return isLoop(ast) || isBind(ast) ? inner + 1 : inner;
}

/** Every node below and including this one. */
export function* nodesOf(ast: ASTNode): Generator<ASTNode> {
  yield ast;
  for (const child of childrenOf(ast)) yield* nodesOf(child);
}

function bound(ast: ASTNode, names: Sizes, given: number): Bound {
  if (ast.op === 'value') return { steps: 1, size: typeof ast.args === 'string' ? ast.args.length + 1 : 1 };
  if (ast.op === 'id') return { steps: 1, size: names.get(ast.args) ?? given };
  if (ast.op === 'rcall' && isLoop(ast)) return loopBound(ast, names, given);
  if (ast.op === 'rcall' && isBind(ast)) return bindBound(ast, names, given);
  const parts = childrenOf(ast).map((child) => bound(child, names, given));
  const steps = parts.reduce((sum, part) => sum + part.steps, 1);
  const sum = parts.reduce((total, part) => total + part.size, 1);
  const product = parts.reduce((total, part) => total * part.size, 1);
  const joins = ast.op === 'rcall' && ast.args[0] === 'join';
  return { steps: steps + sum, size: joins ? product : sum };
}

function loopBound(ast: ASTNode & { op: 'rcall' }, names: Sizes, given: number): Bound {
  const [name, receiver, args] = ast.args;
  const source = bound(receiver, names, given);
  const inside = new Map(names).set(nameOf(args[0]), Math.max(source.size, given));
  const bodies = args.slice(1).map((body) => bound(body, inside, given));
  const steps = bodies.reduce((sum, body) => sum + body.steps, 1);
  const last = bodies.at(-1)?.size ?? 1;
  return {
    steps: source.steps + source.size * steps,
    size: name === 'map' ? source.size * Math.max(1, last) : name === 'filter' ? source.size : 1,
  };
}

function bindBound(ast: ASTNode & { op: 'rcall' }, names: Sizes, given: number): Bound {
  const [name, value, body] = ast.args[2];
  if (value === undefined || body === undefined) return { steps: 1, size: 1 };
  const of = bound(value, names, given);
  const inside = bound(body, new Map(names).set(nameOf(name), of.size), given);
  return { steps: of.steps + inside.steps, size: inside.size };
}

function isLoop(ast: ASTNode): boolean {
  return ast.op === 'rcall' && LOOPS.has(ast.args[0]) && ast.args[2].length >= 2;
}

function isBind(ast: ASTNode): boolean {
  return ast.op === 'rcall' && ast.args[0] === 'bind' && ast.args[2].length === 3;
}

function nameOf(node: ASTNode | undefined): string {
  return node?.op === 'id' ? node.args : '';
}

function childrenOf(ast: ASTNode): ASTNode[] {
  switch (ast.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [ast.args[0]];
    case 'call':
      return ast.args[1];
    case 'rcall':
      return [ast.args[1], ...ast.args[2]];
    case 'map':
      return ast.args.flat();
    case '!_':
    case '-_':
      return [ast.args];
    default:
      return ast.args;
  }
}
