import type { ContainerConfig, Image, UserNamespace } from '../cri/runtime.ts';
import type { Container, Pod } from '../kube/generated/objects.ts';
import type { ApiAddress } from './api-variables.ts';
import { type ContainerMountsInput, containerMounts } from './container-mounts.ts';
import type { PodPlace } from './downward.ts';
import { environment, expandCommand, type ObjectLookup } from './environment.ts';
import { containerAnnotations, containerLabels } from './labels.ts';
import { linuxResources } from './linux-resources.ts';
import { type MachineSize, machineSize } from './machine-size.ts';
import type { PodPaths } from './paths.ts';
import { NO_ABILITIES, type RuntimeAbilities } from './runtime-abilities.ts';
import { containerSecurity, namespaces } from './security.ts';

export { sandboxConfig } from './sandbox-config.ts';

export interface ContainerConfigInput extends PodPlace {
  pod: Pod;
  container: Container;
  /** 0 for the first start; the restart count. */
  attempt: number;
  /** The image as the runtime names it. */
  imageRef: string;
  /** Of `runtime.imageStatus`: tells the image's user. Without it the user counts as root. */
  image?: Image;
  /** Of `Volumes.prepare`. */
  volumes: ReadonlyMap<string, string>;
  paths: PodPaths;
  lookup: ObjectLookup;
  machine?: MachineSize;
  /** Whether the kernel enforces AppArmor profiles; default no. */
  appArmor?: boolean;
  /** Whether it has SELinux; default no. */
  seLinux?: boolean;
  /** Default: what every runtime can. */
  runtime?: RuntimeAbilities;
  /** The Pod's own users; absent: the machine's. */
  users?: UserNamespace;
  /** Where the container reaches the API; absent where it cannot. */
  api?: ApiAddress;
  /** As in ContainerRequest. */
  targetId?: string;
}

/**
 * What the runtime is told to make the container (`kuberuntime_container.go`, generateContainerConfig). Pure; the files it mounts are
 * made by `prepareContainerFiles`, before the container is created.
 * @throws ConfigError (waiting reason CreateContainerConfigError) when something that the container needs is missing or forbidden
 */
export function containerConfig(input: ContainerConfigInput): ContainerConfig {
  const { pod, container, attempt, imageRef, image = {}, paths, machine = machineSize() } = input;
  const { appArmor = false, seLinux = false } = input;
  const variables = environment({ ...input, machine });
  return {
    metadata: { name: container.name, attempt },
    image: imageRef,
    ...expandCommand(container, variables),
    workingDir: container.workingDir ?? '',
    envs: [...variables].map(([key, value]) => ({ key, value })),
    mounts: containerMounts(mountsInput({ ...input, machine })),
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, attempt),
    logPath: paths.containerLogPath(container.name, attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: {
      resources: linuxResources(pod, container, machine),
      security: containerSecurity(pod, container, image, { paths, appArmor, seLinux }),
      namespaces: namespaces(pod, input),
    },
  };
}

/** What decides about the container's mounts. @throws ConfigError */
export function mountsInput(input: ContainerConfigInput): ContainerMountsInput {
  const { pod, container, attempt, volumes, paths, podIPs, machine = machineSize(), runtime = NO_ABILITIES } = input;
  const { seLinux = false } = input;
  const variables = environment({ ...input, machine });
  const hasAddress = podIPs.length > 0;
  return { pod, container, attempt, volumes, variables, paths, runtime, seLinux, hasAddress };
}
