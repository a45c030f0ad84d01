import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { endProcesses, findProcesses, haveEnded, isAlive, processId, signalProcess } from './processes.ts';

describe('a process', () => {
  it('is found by its command line, and is not another one of the same number', async () => {
    const child = spawn('sleep', ['3131.31']);
    await new Promise((resolve) => child.once('spawn', resolve));
    const [found] = findProcesses((argv) => argv[1] === '3131.31');
    expect(found).toEqual({ pid: child.pid, startTime: expect.stringMatching(/^\d+$/), argv: ['sleep', '3131.31'] });
    expect(isAlive(found!)).toBe(true);

    const earlier = { pid: child.pid!, startTime: '1' };
    expect(isAlive(earlier)).toBe(false);
    signalProcess(earlier, 'SIGKILL');
    expect(await haveEnded([found!], 20)).toBe(false);

    await endProcesses([found!], 1000);
    expect(isAlive(found!)).toBe(false);
    await endProcesses([found!], 1000);
  });

  it('that is deaf to SIGTERM is killed', async () => {
    const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while true; do sleep 0.05; done']);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await endProcesses([processId(child.pid!)!], 50);
    expect(processId(child.pid!)).toBeUndefined();
  });
});
