import { setFlagsFromString } from 'node:v8';

/** V8's default is 67584 bytes of bytecode. */
const BUDGET = 200_000;

/**
 * Has V8 wait longer before it optimises a function. Attaching to a file takes half a second: by default V8 spends as much again on other threads to
 * optimise what will hardly run any more, and on a machine whose cores are busy the work waits for that (a thousand Deployments: a quarter longer).
 * Long streams are as fast as before. For V8 11 (Node 20), with which it was measured; later ones have a quick compiler in between.
 */
export function optimizeLater(v8 = process.versions.v8): void {
  if (v8.startsWith('11.')) setFlagsFromString(`--interrupt-budget=${BUDGET}`);
}
