import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, kubectls, missingKubectl, NodeUnderTest, page } from './node-under-test.ts';

/** The article on the Sidecar pattern, word for word: its commands, in its order, and what they print. */
describe('the first story', () => {
  let node: NodeUnderTest;

  beforeAll(async () => {
    if (missingKubectl) return;
    node = new NodeUnderTest(1);
    await node.start();
  });
  afterAll(() => node?.close());

  test('a Pod with nginx is created, seen, forwarded and read', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    expect(await node.k('create', '-f', 'examples/web-app/pod.yaml')).toBe('pod/web-app created\n');
    await node.k('wait', '--for=condition=Ready', 'pod/web-app', '--timeout=60s');
    expect(await node.k('get', 'po')).toMatch(
      /^NAME {6}READY {3}STATUS {4}RESTARTS {3}AGE\nweb-app {3}1\/1 {5}Running {3}0 {10}\d+s\n$/,
    );
    const page = await forwarded('web-app', 3999, (text) => text.includes('nginx'));
    expect(page).toContain('Welcome to nginx!');
    expect(await node.k('delete', 'po', 'web-app')).toMatch(/^pod "web-app" deleted/);
  });

  test('with the sidecar, the page is the line that the sidecar writes, and it changes', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    expect(await node.k('create', '-f', 'examples/web-app/pod-with-sidecar.yaml')).toBe('pod/web-app created\n');
    await node.k('wait', '--for=condition=Ready', 'pod/web-app', '--timeout=60s');
    expect(await node.k('get', 'po')).toMatch(/web-app {3}2\/2 {5}Running {3}0 {10}\d+s/);
    const first = await forwarded('web-app', 3999, (text) => text.includes('Hi I am from Sidecar container'));
    const second = await forwarded(
      'web-app',
      3999,
      (text) => text.includes('Hi I am from Sidecar container') && text !== first,
    );
    expect(second).toMatch(/^\w{3} \w{3} +\d+ [\d:]{8} UTC \d{4} Hi I am from Sidecar container\n$/);
    expect(await node.k('delete', 'po', 'web-app')).toMatch(/^pod "web-app" deleted/);
    expect((await node.kubectl('get', 'po')).stderr).toBe('No resources found in default namespace.\n');
  });

  /** The page through `kubectl port-forward`, once it is as expected. */
  async function forwarded(pod: string, port: number, expected: (text: string) => boolean): Promise<string> {
    const forward = node.follow(kubectls[0]!.path, 'port-forward', pod, `${port}:80`);
    try {
      await eventually('Forwarding from …', () =>
        /127\.0\.0\.1:3999 -> 80\nForwarding from \[::1\]:3999 -> 80/.test(forward.output()),
      );
      return await eventually('the page', async () => {
        const text = await page(port);
        return expected(text) && text;
      });
    } finally {
      forward.kill('SIGTERM');
    }
  }
});
