import { describe, expect, test } from 'vitest';
import { CommandError } from '../command.ts';
import { ensureBridge, gatewayAddress } from './gateway.ts';

test.each([
  ['10.205.0.0/24', '10.205.0.1'],
  ['10.0.0.128/25', '10.0.0.129'],
  ['172.16.255.0/29', '172.16.255.1'],
])('the machine is the first of %s', (cidr, address) => {
  expect(gatewayAddress(cidr)).toBe(address);
});

describe('a bridge that is not there', () => {
  const network = { bridge: 'no-such-bridge0', podCidr: '10.205.0.0/24' };
  const shown = (addresses: string) => `7: no-such-bridge0    inet ${addresses} scope global no-such-bridge0\n`;
  async function commands(known: string): Promise<string[]> {
    const run: string[] = [];
    await ensureBridge(network, async (_, args) => {
      run.push(args.join(' '));
      return args.includes('show') ? known : '';
    });
    return run;
  }

  test('is made with an address of its own, and with that of the gateway', async () => {
    expect(await commands('')).toEqual([
      'link add name no-such-bridge0 address 0a:58:0a:cd:00:01 type bridge',
      '-4 -oneline address show dev no-such-bridge0',
      'address add 10.205.0.1/24 broadcast + dev no-such-bridge0',
      'link set no-such-bridge0 up',
    ]);
  });

  test('keeps the gateway’s address when it has it, and only then', async () => {
    expect(await commands(shown('10.205.0.1/24 brd 10.205.0.255'))).not.toContainEqual(
      expect.stringMatching(/^address add/),
    );
    expect(await commands(shown('10.205.0.1/16 brd 10.205.255.255'))).toContainEqual(
      expect.stringMatching(/^address add/),
    );
  });

  test.each([
    ['RTNETLINK answers: Operation not permitted', 'NotPermitted'],
    ['RTNETLINK answers: No space left', 'Failed'],
  ])('%s', async (stderr, code) => {
    const failing = ensureBridge(network, async (file, args) => {
      throw new CommandError(file, args, 2, stderr);
    });
    await expect(failing).rejects.toMatchObject({ name: 'SetupError', code, message: expect.stringContaining(stderr) });
  });
});
