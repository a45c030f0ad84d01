export { type ServeLogRequest, serveLog } from './log.ts';
export { type StreamKind, upgradeRequired } from './protocols.ts';
export { serveUpgrade, type UpgradeRequest } from './upgrade.ts';
