import type { Scenario } from '../scenario.ts';
import { containerLifecycle } from './container-lifecycle.ts';
import { environment } from './environment.ts';
import { hooks } from './hooks.ts';
import { nativeSidecars } from './native-sidecars.ts';
import { pods } from './pods.ts';
import { probes } from './probes.ts';
import { restarts } from './restarts.ts';
import { runtime } from './runtime.ts';
import { security } from './security.ts';
import { volumes } from './volumes.ts';

/** All of them; docs/conformance.md is made from this list. */
export const scenarios: Scenario[] = [
  ...containerLifecycle,
  ...nativeSidecars,
  ...hooks,
  ...probes,
  ...runtime,
  ...pods,
  ...environment,
  ...security,
  ...volumes,
  ...restarts,
];
