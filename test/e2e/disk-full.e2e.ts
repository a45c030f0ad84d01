import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, missingKubectl, NodeUnderTest } from './node-under-test.ts';

const POD = (name: string) =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}}, spec: {nodeSelector: {x: "y"}, containers: [{name: c, image: busybox}]}}`;

/** A state directory on a small disk of its own. */
describe('a disk that is full', () => {
  let node: NodeUnderTest;
  let filler: string;

  beforeAll(() => {
    if (missingKubectl) return;
    node = new NodeUnderTest(22);
    filler = join(node.home, 'filler');
    mount('1m');
  });
  afterAll(async () => {
    if (!node) return;
    await node.outfit('node', 'reset', '--yes');
    execFileSync('umount', [node.home]);
    await node.close();
  });

  test('before the first start: refused, and it says why', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    execFileSync('umount', [node.home]);
    mount('100k');
    const refused = await node.outfit('node', 'start', ...node.flags);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/no (room|space) left/) });
    execFileSync('umount', [node.home]);
    mount('1m');
  });

  test('while the node runs: writes are refused, reads go on, and with room again all is well', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    await node.start({ images: [] });
    expect(await node.create(POD('before'))).toMatchObject({ code: 0 });
    fill();
    const refused = await eventually('a refusal', async () => {
      const answer = await node.create(POD(`p${Date.now()}`));
      return answer.code !== 0 && answer.stderr;
    });
    expect(refused).toContain('no room left on the disk of');
    expect(refused).toContain('free some space and try again');
    expect(await node.k('get', 'po', 'before')).toContain('Pending');
    rmSync(filler);
    expect(await node.create(POD('after'))).toMatchObject({ code: 0 });
    await node.k('delete', 'po', '--all');
  });

  function mount(size: string): void {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', node.home]);
  }

  function fill(): void {
    try {
      writeFileSync(filler, Buffer.alloc(2 << 20));
    } catch {
      // As much as there was room for.
    }
  }
});
