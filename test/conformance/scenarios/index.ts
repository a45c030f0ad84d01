import type { Scenario } from '../scenario.ts';
import { containerLifecycle } from './container-lifecycle.ts';
import { hooks } from './hooks.ts';
import { nativeSidecars } from './native-sidecars.ts';
import { probes } from './probes.ts';

/** All of them; docs/conformance.md is made from this list. */
export const scenarios: Scenario[] = [...containerLifecycle, ...nativeSidecars, ...hooks, ...probes];
