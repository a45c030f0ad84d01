import type { PlacedFinding } from '../../files/finding.ts';
import type { Note } from './compose.ts';
import type { PodState } from './pod-state.ts';

/** All that `up` has to say, as data: one line for people, one JSON object for machines. */
export type Said =
  | Note
  | { type: 'node'; message: string; server?: string }
  | { type: 'applied'; object: string; action: Action; reason?: string }
  | ({ type: 'state'; object: string } & PodState)
  | { type: 'event'; object: string; reason: string; message: string }
  | {
      type: 'forwarding';
      object: string;
      container: string;
      port: number;
      name?: string;
      local: number;
      reason?: string;
    }
  | { type: 'not-forwarded'; object: string; container: string; port: number; reason: string }
  | { type: 'finding'; finding: PlacedFinding; text: string }
  | { type: 'warning' | 'error' | 'note'; message: string; object?: string; hint?: string | undefined }
  | { type: 'result'; ready: boolean; message: string };

/** What was done to an object. `found`: it was there as wanted, is not ours and stays. */
type Action = 'created' | 'changed' | 'replaced' | 'deleted' | 'replacing' | 'ending' | 'found' | 'kept';

/** One line of a container's log. */
export interface LogLine {
  object: string;
  container: string;
  /** RFC 3339, as the node noted it. */
  time: string;
  text: Buffer;
}

/** What belongs on standard error when people read. */
export function isTrouble(said: Said): boolean {
  return ['warning', 'error', 'finding'].includes(said.type) || (said.type === 'result' && !said.ready);
}

/** The line for people. */
export function textOf(said: Said): string {
  switch (said.type) {
    case 'joins':
      return `${said.sidecar} joins ${said.object}: ${said.reason}${brings(said.containers)}`;
    case 'stand-in':
      return `${said.object} runs here as pod/${said.pod}${inBrackets(said.differences)}: ${said.why}`;
    case 'skipped':
      return `${said.object} skipped: ${said.reason}`;
    case 'node':
      return `node: ${said.message}`;
    case 'applied':
      return `${said.object} ${ACTIONS[said.action]}${because(said.reason)}`;
    case 'state':
      return `${said.object} ${said.ready} ${said.status}${because(said.why)}`;
    case 'event':
      return `${said.object} ${said.reason}: ${said.message}`;
    case 'forwarding':
      return `localhost:${said.local} -> ${said.object} port ${said.port}${inBrackets(portDetails(said))}`;
    case 'not-forwarded':
      return `${said.object} port ${said.port} (${said.container}) is not forwarded: ${said.reason}`;
    case 'finding':
      return said.text;
    case 'result':
      return said.message;
    default: {
      const word = said.type === 'note' || said.message.startsWith('Error from server') ? '' : `${said.type}: `;
      const hint = said.hint === undefined ? '' : `\nhint: ${said.hint}`;
      return `${word}${said.object === undefined ? '' : `${said.object} `}${said.message}${hint}`;
    }
  }
}

const ACTIONS: Record<Action, string> = {
  created: 'created',
  changed: 'changed',
  replaced: 'replaced',
  deleted: 'deleted',
  replacing: 'is replaced',
  ending: 'is ending',
  found: 'is there already',
  kept: 'stays',
};

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`);
const brings = (containers: string[]): string => (containers.length > 0 ? `; it brings ${containers.join(', ')}` : '');
const inBrackets = (parts: string[]): string => (parts.length > 0 ? ` (${parts.join('; ')})` : '');

function portDetails({ container, name, reason }: Extract<Said, { type: 'forwarding' }>): string[] {
  return [name === undefined ? container : `${container}, ${name}`, ...(reason === undefined ? [] : [reason])];
}
