export { serveLog } from './log.ts';
export { type StreamKind, upgradeRequired } from './protocols.ts';
export { serveUpgrade } from './upgrade.ts';
export { serveWatch } from './watch.ts';
