/**
 * The Pod asks for something that cannot be put together now: a ConfigMap that is missing, a user that breaks runAsNonRoot.
 * The container waits with reason CreateContainerConfigError and this message, and is tried again later.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CreateContainerConfigError';
}
