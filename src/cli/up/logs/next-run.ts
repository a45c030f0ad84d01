import type { ContainerStatus } from '../../../kube/generated/objects.ts';

/** One run of a container, by the runtime's id. */
export interface LogRun {
  id: string;
  /** Its log is that of the run before the current one. */
  previous: boolean;
}

/**
 * The run whose log has to be read next, the older first; undefined when there is none that was not read. The API keeps the last run and the
 * one before it. Pure.
 * @param read ids of the runs whose logs were read to their ends
 */
export function nextRun(status: ContainerStatus | undefined, read: ReadonlySet<string>): LogRun | undefined {
  return runsOf(status).find(({ id }) => !read.has(id));
}

/** The run that an answer of the API was about, if the status has not moved on meanwhile. */
export function isStill({ id, previous }: LogRun, status: ContainerStatus | undefined): boolean {
  return runsOf(status).some((run) => run.id === id && run.previous === previous);
}

/** The run is over: nothing comes any more. */
export function hasEnded({ id }: LogRun, status: ContainerStatus | undefined): boolean {
  return !(status?.state?.running && status.containerID === id);
}

function runsOf(status: ContainerStatus | undefined): LogRun[] {
  const { running, terminated } = status?.state ?? {};
  const last = status?.lastState?.terminated?.containerID;
  const current = running ? status?.containerID : terminated?.containerID;
  return [
    ...(last && last !== current ? [{ id: last, previous: true }] : []),
    ...(current ? [{ id: current, previous: false }] : []),
  ];
}
