import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  LifecycleHandler,
  Pod,
  PodSpec,
  Probe,
  ResourceRequirements,
} from '../generated/objects.ts';
import { defaultPullPolicy } from '../image-name.ts';
import { formatQuantity, parseQuantity, roundUpToMilli } from '../quantity.ts';
import { defaultVolume } from './volume.ts';

/** Fills in what holds for Pods alone and not for templates of Pods (`SetDefaults_Pod`). Changes its argument. */
export function defaultPod(pod: Pod): void {
  pod.spec ??= { containers: [] };
  const spec = pod.spec;
  defaultPodSpec(spec);
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  for (const container of containers) requestsFromLimits(container.resources);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) for (const container of containers) container.ports?.forEach(hostPortFromContainerPort);
}

/** Fills in the defaults of a Pod's or a template's spec (`SetDefaults_PodSpec` and all below it). Changes its argument. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ||= 'Always';
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  unifyServiceAccount(spec);
  spec.volumes?.forEach(defaultVolume);
  spec.containers?.forEach(defaultContainer);
  spec.initContainers?.forEach(defaultContainer);
  spec.ephemeralContainers?.forEach(defaultContainer);
  canonicalAmounts(spec.overhead);
}

/** `serviceAccount` is the old name of `serviceAccountName`; both are written, the new one wins. */
function unifyServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.resources ??= {};
  canonicalAmounts(container.resources.limits);
  canonicalAmounts(container.resources.requests);
  container.ports?.forEach((port) => {
    port.protocol ||= 'TCP';
  });
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1';
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ??= '0';
  }
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHandler(container.lifecycle?.postStart);
  defaultHandler(container.lifecycle?.preStop);
}

function defaultProbe(probe: Probe | undefined): void {
  if (probe === undefined) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.grpc) probe.grpc.service ??= '';
  defaultHandler(probe);
}

function defaultHandler(handler: LifecycleHandler | undefined): void {
  if (handler?.httpGet === undefined) return;
  handler.httpGet.path ||= '/';
  handler.httpGet.scheme ||= 'HTTP';
}

function requestsFromLimits(resources: ResourceRequirements | undefined): void {
  if (resources?.limits === undefined) return;
  resources.requests = { ...resources.limits, ...resources.requests };
}

function hostPortFromContainerPort(port: ContainerPort): void {
  port.hostPort ||= port.containerPort;
}

/** Amounts are kept rounded up to thousandths (`SetDefaults_ResourceList`). Texts that are no quantities were refused when decoding. */
function canonicalAmounts(amounts: Record<string, string> | undefined): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    const quantity = parseQuantity(amount);
    const rounded = roundUpToMilli(quantity);
    if (!amounts || (rounded === quantity && quantity.text === amount)) continue;
    amounts[name] = formatQuantity(roundUpToMilli(parseQuantity(formatQuantity(quantity))));
  }
}
