import { expect, test } from 'vitest';
import { nodeLog } from './log.ts';

test('a disk that is full costs lines, not the node', () => {
  const log = nodeLog('/dev/full', 'info');
  for (let line = 0; line < 3; line++) expect(() => log.error({ line }, 'nobody will read this')).not.toThrow();
});
