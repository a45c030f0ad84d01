import type { Joined } from '../attach.ts';
import type { Finding } from '../finding.ts';
import { nameOf, type Template } from '../target.ts';

/** `sidecar "hello" joins Pod "web-app" with container sidecar-container`. */
export function joinedSentence({ name, kind, containers }: Joined, pod: Template): string {
  const word = kind === 'Sidecar' ? 'sidecar' : 'cluster sidecar';
  const brought =
    containers.length === 0 ? '' : ` with container${containers.length > 1 ? 's' : ''} ${containers.join(', ')}`;
  return `${word} "${name}" joins Pod "${nameOf({ template: pod })}"${brought}`;
}

/** A finding for people who see neither file nor tree: whose it is, where it stands, and what it says. */
export function problemSentence({ sidecar, on, field, message, other }: Finding): string {
  const whose = sidecar === undefined ? '' : `sidecar "${sidecar}": `;
  const place = on === 'sidecar' ? `${field} of the sidecar` : field;
  const where = field === '' || message.startsWith(field) ? '' : ` (${place}${againstOther(other)})`;
  return `${whose}${message}${where}`;
}

function againstOther(other: Finding['other']): string {
  if (other === undefined || other.field === '') return '';
  const owner = other.sidecar === undefined ? 'the Pod' : `sidecar "${other.sidecar}"`;
  return `, ${other.field} of ${owner}`;
}
