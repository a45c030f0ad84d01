/** What the daemon tells the command that started it. */
export type DaemonMessage =
  | { type: 'ready'; server: string; nodeName: string; runtime: string }
  | { type: 'failed'; message: string; hint?: string | undefined };
