import { createReadStream, existsSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { linesOf } from '../client/watch.ts';
import { type Command, type Context, Failure, print } from '../command.ts';
import { parseInteger } from '../duration.ts';
import { OUTPUT_OPTION, wantsJson } from '../json-output.ts';
import { lastLogLines, readableLine } from './log-lines.ts';
import { nodePaths } from './paths.ts';

export const nodeLogs: Command = {
  name: 'node logs',
  summary: "print the node's own log",
  usage: ['[-f] [-n LINES]'],
  options: [
    { name: 'follow', short: 'f', type: 'boolean', summary: 'go on with what comes' },
    {
      name: 'lines',
      short: 'n',
      type: 'string',
      value: 'LINES',
      summary: 'how many of the last lines',
      default: '100',
    },
    OUTPUT_OPTION,
  ],
  examples: [{ command: 'outfit node logs -f', summary: 'Follow what the node does' }],
  async run(args, context) {
    const count = parseInteger(args.value('lines')!, '--lines');
    const readable = wantsJson(args) ? (line: string) => line : readableLine;
    const { log, home } = nodePaths(context);
    if (!existsSync(log))
      throw new Failure(`there is no log of a node in ${home}`, { hint: 'start one: outfit node start' });
    const from = statSync(log).size;
    for (const line of lastLogLines(log, count, readable)) print(context, line);
    if (args.flag('follow')) await follow(log, from, readable, context);
    return undefined;
  },
};

const POLL_MS = 200;

/** Reads on from a byte; a file that became shorter was rotated and is read from its start. */
async function follow(log: string, from: number, readable: (line: string) => string, context: Context): Promise<void> {
  let position = from;
  for (;;) {
    const size = existsSync(log) ? statSync(log).size : 0;
    if (size < position) position = 0;
    if (size > position) {
      const chunk = createReadStream(log, { start: position, end: size - 1 });
      for await (const line of linesOf(chunk)) print(context, readable(line));
      position = size;
    }
    await sleep(POLL_MS, undefined, { signal: context.signal });
  }
}
