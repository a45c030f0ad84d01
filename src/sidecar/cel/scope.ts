import type { Target } from '../target.ts';
import { kindOf, nameOf, namespaceOf } from '../target.ts';
import type { Variable } from './expression.ts';
import { toCel } from './values.ts';

/** What expressions may look at, for one target; each part is made when it is first asked for. */
export class Scope {
  readonly params: Record<string, unknown>;
  private readonly target: Target;
  private readonly made = new Map<Variable, unknown>();

  /** `target.template` is the template before anything is attached: so expressions see the same, whatever joins. */
  constructor(target: Target, params: Record<string, unknown> = {}) {
    this.target = target;
    this.params = params;
    this.made.set('params', params);
  }

  variables(uses: ReadonlySet<Variable>): Record<string, unknown> {
    return Object.fromEntries([...uses].map((name) => [name, this.get(name)]));
  }

  /** The largest number of parts that any list, map or text of these variables has. */
  sizeOf(uses: ReadonlySet<Variable>): number {
    return Math.max(1, ...[...uses].map((name) => largest(this.get(name))));
  }

  /** The same target with the parameters of another sidecar. */
  with(params: Record<string, unknown>): Scope {
    const scope = new Scope(this.target, params);
    for (const [name, value] of this.made) if (name !== 'params') scope.made.set(name, value);
    return scope;
  }

  private get(name: Variable): unknown {
    if (!this.made.has(name)) this.made.set(name, toCel(VIEWS[name](this.target)));
    return this.made.get(name);
  }
}

/** What is often asked for is always there, so that an expression need not begin with `has()`. */
const VIEWS: Record<Variable, (target: Target) => unknown> = {
  params: () => ({}),
  pod: ({ template }) => ({
    metadata: {
      ...template.metadata,
      labels: template.metadata?.labels ?? {},
      annotations: template.metadata?.annotations ?? {},
    },
    spec: {
      ...template.spec,
      containers: template.spec?.containers ?? [],
      initContainers: template.spec?.initContainers ?? [],
      volumes: template.spec?.volumes ?? [],
    },
  }),
  // Without its spec: that holds the template, which attaching changes.
  workload: (target) => {
    const { metadata } = target.workload ?? target.template;
    const { kind, group } = kindOf(target);
    const own = kind === 'Pod' ? target.template.metadata : metadata;
    return {
      apiVersion: target.workload?.apiVersion ?? 'v1',
      kind,
      group,
      metadata: {
        name: nameOf(target),
        namespace: namespaceOf(target),
        labels: own?.labels ?? {},
        annotations: own?.annotations ?? {},
      },
    };
  },
  namespaceObject: (target) => {
    const name = namespaceOf(target);
    const { labels, annotations } = target.namespace?.metadata ?? {};
    return {
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels }, annotations: annotations ?? {} },
    };
  },
};

function largest(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  const items = Object.values(value);
  let most = items.length;
  for (const item of items) most = Math.max(most, largest(item));
  return most;
}
