/** RFC 3339 in UTC with whole seconds: how Kubernetes writes metav1.Time (`2026-11-23T18:56:41Z`). */
export function formatTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 in UTC with six digits of fraction: how Kubernetes writes metav1.MicroTime. `micros` adds 0–999 µs to the date. */
export function formatMicroTime(date: Date, micros = 0): string {
  return `${date.toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`;
}
