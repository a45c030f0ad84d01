import type { Status } from '../../kube/generated/objects.ts';
import { Failure } from '../command.ts';

/** The server's refusal, shown as kubectl shows it. */
export class ServerError extends Failure {
  readonly status: Status;
  constructor(status: Status) {
    super(serverErrorText(status), { whole: true });
    this.status = status;
  }

  /** The same refusal with kubectl's `error when creating "pod.yaml": ` before the server's words. */
  from(verb: string, source: string): ServerError {
    return new ServerError({ ...this.status, message: `error when ${verb} "${source}": ${this.status.message ?? ''}` });
  }
}

export const isNotFound = (error: unknown): boolean =>
  error instanceof ServerError && error.status.reason === 'NotFound';

/** kubectl's words for a failed Status (kubectl `pkg/cmd/util/helpers.go`, checkErr and StandardErrorMessage). */
function serverErrorText(status: Status): string {
  const { reason, message = '', details } = status;
  if (reason === 'Invalid' && details) {
    const head = `The ${details.kind} "${details.name}" is invalid`;
    const causes = [
      ...new Set((details.causes ?? []).map((c) => (c.field ? `${c.field}: ${c.message}` : `${c.message}`))),
    ];
    if (causes.length === 0) return head;
    return causes.length === 1 ? `${head}: ${causes[0]}` : `${head}: \n${causes.map((c) => `* ${c}`).join('\n')}`;
  }
  if (reason === 'Unauthorized') return `error: You must be logged in to the server (${message || reason})`;
  return reason ? `Error from server (${reason}): ${message}` : `Error from server: ${message}`;
}
