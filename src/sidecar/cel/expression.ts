import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';
import type { ParameterType } from '../sidecar.ts';
import { boundOfSteps, loopDepth, nodesOf } from './cost.ts';
import { patternFault } from './pattern.ts';
import { renameReserved } from './reserved.ts';
import type { Scope } from './scope.ts';
import { fromCel, NotJson } from './values.ts';

export type Variable = 'params' | 'pod' | 'workload' | 'namespaceObject';
const VARIABLES: readonly Variable[] = ['params', 'pod', 'workload', 'namespaceObject'];
const KNOWN_NAMES = 'params, pod, workload and namespace are known';

const MAX_CHARACTERS = 2000;
const LIMITS = { maxAstNodes: 1000, maxDepth: 60 };
/** What a Pod of usual size has of anything at most; loops over it may take this many steps. */
const USUAL_SIZE = 16;
const MAX_USUAL_STEPS = 1_000_000;
const MAX_STEPS = 10_000_000;

/** An expression that cannot be used, or did not work. `message` says why, in one line. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly code: 'InvalidExpression' | 'ExpressionTooCostly' | 'ExpressionFailed';

  constructor(code: ExpressionError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface Expression {
  text: string;
  /** The variables that its value depends on. */
  uses: ReadonlySet<Variable>;
  /** CEL's name of the result's type; `dyn` when only the values decide. */
  type: string;
  /** The value as JSON. @throws ExpressionError */
  evaluate(scope: Scope): unknown;
}

/** Compiles expressions of one sidecar, which knows its parameters. */
export interface Compiler {
  /** @throws ExpressionError */
  compile(text: string): Expression;
}

export function createCompiler(parameters: readonly { name: string; type: ParameterType }[]): Compiler {
  const environment = new Environment({
    limits: LIMITS,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  for (const variable of VARIABLES) environment.registerVariable(variable, 'map');
  const names = parameters.map(({ name }) => name);
  return { compile: (text) => compile(environment, names, text) };
}

function compile(environment: Environment, parameters: readonly string[], text: string): Expression {
  if (text.length > MAX_CHARACTERS)
    throw new ExpressionError(
      'ExpressionTooCostly',
      `may not be longer than ${MAX_CHARACTERS} characters, and has ${text.length}`,
    );
  const program = parse(environment, text);
  const nodes = [...nodesOf(program.ast)];
  checkNames(nodes, parameters);
  checkPatterns(nodes);
  checkCost(program.ast);
  const depth = loopDepth(program.ast);
  const checked = program.check();
  if (!checked.valid) throw failure('InvalidExpression', checked.error);
  const uses = new Set(VARIABLES.filter((name) => nodes.some((node) => node.op === 'id' && node.args === name)));
  return {
    text,
    uses,
    type: checked.type ?? 'dyn',
    evaluate: (scope) => evaluate(program, depth, uses, scope),
  };
}

function parse(environment: Environment, text: string): ParseResult {
  try {
    return environment.parse(renameReserved(text));
  } catch (error) {
    throw failure('InvalidExpression', error);
  }
}

/** `params.intervall` is known to be wrong before any Pod is seen; so is `${HOME}`, which was meant for a shell. */
function checkNames(nodes: readonly ASTNode[], parameters: readonly string[]): void {
  for (const node of nodes)
    if (node.op === '.' && node.args[0].op === 'id' && node.args[0].args === 'params') {
      const name = node.args[1];
      if (parameters.includes(name)) continue;
      const known = parameters.length === 0 ? 'there are none' : `there are: ${parameters.join(', ')}`;
      throw new ExpressionError('InvalidExpression', `unknown parameter "${name}"; ${known}`);
    }
  const [only] = nodes;
  if (nodes.length === 1 && only?.op === 'id' && !(VARIABLES as readonly string[]).includes(only.args))
    throw new ExpressionError(
      'InvalidExpression',
      `unknown name "${only.args}": ${KNOWN_NAMES}; write "$\${${only.args}}" for the characters themselves`,
    );
}

function checkPatterns(nodes: readonly ASTNode[]): void {
  for (const node of nodes) {
    const pattern = node.op === 'rcall' && node.args[0] === 'matches' ? node.args[2][0] : undefined;
    const other = node.op === 'call' && node.args[0] === 'matches' ? node.args[1][1] : undefined;
    const found = pattern ?? other;
    if (found === undefined) continue;
    if (found.op !== 'value' || typeof found.args !== 'string')
      throw new ExpressionError('ExpressionTooCostly', 'the pattern of matches() must be written out');
    const fault = patternFault(found.args);
    if (fault !== undefined)
      throw new ExpressionError('ExpressionTooCostly', `pattern ${JSON.stringify(found.args)}: ${fault}`);
  }
}

function checkCost(ast: ASTNode): void {
  const steps = boundOfSteps(ast, USUAL_SIZE);
  if (steps > MAX_USUAL_STEPS)
    throw new ExpressionError('ExpressionTooCostly', 'may take too long: too many loops stand in each other');
}

function evaluate(program: ParseResult, depth: number, uses: ReadonlySet<Variable>, scope: Scope): unknown {
  if (depth > 1 && boundOfSteps(program.ast, scope.sizeOf(uses)) > MAX_STEPS)
    throw new ExpressionError('ExpressionTooCostly', 'would take too long for a Pod of this size');
  try {
    return fromCel(program(scope.variables(uses)));
  } catch (error) {
    throw error instanceof NotJson
      ? new ExpressionError('ExpressionFailed', error.message, error)
      : failure('ExpressionFailed', error);
  }
}

/** The library's message in one line, without the drawing of the place. */
function failure(code: ExpressionError['code'], error: unknown): ExpressionError {
  const { summary, message } = error as { summary?: string; message?: string };
  const limit = (error as { code?: string }).code?.includes('limit') === true;
  return new ExpressionError(limit ? 'ExpressionTooCostly' : code, summary ?? message ?? String(error), error);
}
