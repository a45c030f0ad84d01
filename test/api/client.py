"""Does with the Python client of Kubernetes what programs do with it, and prints what came of it as JSON, step by step.

Runs with Debian's python3-kubernetes against the cluster of KUBECONFIG. What a step raises is its result.
"""

import json
import sys
import traceback

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream

NAMESPACE = 'python'
POD = {
    'apiVersion': 'v1',
    'kind': 'Pod',
    'metadata': {'name': 'web', 'labels': {'app': 'web'}},
    'spec': {
        'terminationGracePeriodSeconds': 1,
        'containers': [
            {
                'name': 'main',
                'image': 'busybox',
                'imagePullPolicy': 'IfNotPresent',
                'command': ['sh', '-c', 'mkdir /www; echo hello > /www/index.html; httpd -p 8080 -h /www; exec sleep 100019'],
                'readinessProbe': {'httpGet': {'path': '/', 'port': 8080}, 'periodSeconds': 1},
            },
            {
                'name': 'counter',
                'image': 'busybox',
                'imagePullPolicy': 'IfNotPresent',
                'command': ['sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.2; done; until [ -e /tmp/end ]; do sleep 0.1; done; echo last'],
            },
        ],
        'restartPolicy': 'Never',
    },
}

config.load_kube_config()
core = client.CoreV1Api()
results = {}


def step(function):
    """Runs a step and keeps what it returns, or what it raises."""
    try:
        results[function.__name__] = function()
    except Exception as error:
        results[function.__name__] = {'raised': ''.join(traceback.format_exception(error))}


def refusal(function, *arguments, **options):
    """What an ApiException tells a program."""
    try:
        function(*arguments, **options)
    except ApiException as error:
        status = json.loads(error.body) if error.body else {}
        return {'status': error.status, 'reason': status.get('reason'), 'message': status.get('message')}
    return 'nothing was raised'


def told(event):
    return '%s %s' % (event['type'], event['object'].metadata.name)


def config_map(name, data=None):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data=data or {})


@step
def server():
    version = client.VersionApi().get_code()
    groups = [group.name for group in client.ApisApi().get_api_versions().groups]
    return {'version': '%s.%s' % (version.major, version.minor), 'groups': groups}


@step
def create():
    made = core.create_namespace({'metadata': {'name': NAMESPACE}})
    pod = core.create_namespaced_pod(NAMESPACE, POD)
    return {'namespace': made.status.phase, 'pod': pod.status.phase, 'policy': pod.spec.dns_policy}


@step
def errors():
    return {
        'absent': refusal(core.read_namespaced_pod, 'none', NAMESPACE),
        'twice': refusal(core.create_namespaced_pod, NAMESPACE, POD),
        'wrong': refusal(core.create_namespaced_config_map, NAMESPACE, config_map('Upper')),
        'nowhere': refusal(core.create_namespaced_config_map, 'nowhere', config_map('a')),
        'selector': refusal(core.list_namespaced_pod, NAMESPACE, field_selector='spec.color=red'),
        'stale': refusal(
            core.replace_namespaced_pod,
            'web',
            NAMESPACE,
            {**POD, 'metadata': {'name': 'web', 'resourceVersion': '1'}},
        ),
    }


@step
def pages():
    for i in range(5):
        core.create_namespaced_config_map(NAMESPACE, config_map('page-%d' % i))
    names, following, count = [], None, 0
    while following != '':
        page = core.list_namespaced_config_map(NAMESPACE, limit=2, _continue=following)
        names += [item.metadata.name for item in page.items]
        following = page.metadata._continue or ''
        count += 1
    return {'pages': count, 'names': names}


@step
def resume():
    """A watch that is broken off after each event, and taken up from the event's resourceVersion."""
    start = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    for i in range(3):
        core.create_namespaced_config_map(NAMESPACE, config_map('resume-%d' % i))
    core.patch_namespaced_config_map('resume-1', NAMESPACE, {'data': {'a': 'b'}})
    core.delete_namespaced_config_map('resume-0', NAMESPACE)
    seen, version = [], start
    for _ in range(5):
        watcher = watch.Watch()
        for event in watcher.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=version):
            seen.append(told(event))
            version = event['object'].metadata.resource_version
            watcher.stop()
    return seen


@step
def expired():
    """Enough is written that nobody remembers the first changes."""
    start = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    core.create_namespaced_config_map(NAMESPACE, config_map('big'))
    for i in range(7):
        core.patch_namespaced_config_map('big', NAMESPACE, {'data': {'text': str(i) * 900000}})
    core.delete_namespaced_config_map('big', NAMESPACE)
    try:
        for event in watch.Watch().stream(core.list_namespaced_config_map, NAMESPACE, resource_version=start):
            return told(event)
    except ApiException as error:
        return {'status': error.status, 'reason': error.reason}


@step
def patch():
    def labels(body):
        changed = core.patch_namespaced_pod('web', NAMESPACE, body)
        return changed.metadata.labels

    strategic = labels({'metadata': {'labels': {'tier': 'front'}}})
    by_path = labels([{'op': 'replace', 'path': '/metadata/labels/tier', 'value': 'back'}])
    removed = labels({'metadata': {'labels': {'tier': None}}})
    wrong = refusal(core.patch_namespaced_pod, 'web', NAMESPACE, [{'op': 'test', 'path': '/metadata/name', 'value': 'x'}])
    return {'strategic': strategic, 'json': by_path, 'removed': removed, 'wrong': wrong}


@step
def ready():
    """As programs wait: a watch from what is there on."""
    for event in watch.Watch().stream(core.list_namespaced_pod, NAMESPACE, label_selector='app=web', timeout_seconds=60):
        conditions = event['object'].status.conditions or []
        if any(c.type == 'ContainersReady' and c.status == 'True' for c in conditions):
            return [s.name for s in event['object'].status.container_statuses if s.ready]


@step
def execute():
    output = stream(
        core.connect_get_namespaced_pod_exec,
        'web',
        NAMESPACE,
        container='main',
        command=['sh', '-c', 'echo out; echo err >&2'],
        stdout=True,
        stderr=True,
        stdin=False,
        tty=False,
    )
    shell = stream(
        core.connect_get_namespaced_pod_exec,
        'web',
        NAMESPACE,
        container='main',
        command=['sh', '-c', 'read word; echo "you said $word"; exit 7'],
        stdout=True,
        stderr=True,
        stdin=True,
        tty=False,
        _preload_content=False,
    )
    shell.write_stdin('hello\n')
    said = shell.readline_stdout(timeout=60)
    shell.run_forever(timeout=60)
    return {'lines': sorted(output.split()), 'said': said, 'code': shell.returncode}


@step
def execute_refused():
    try:
        stream(core.connect_get_namespaced_pod_exec, 'web', NAMESPACE, container='none', command=['ls'], stdout=True)
    except ApiException as error:
        return {'status': error.status, 'reason': error.reason}


@step
def forward():
    forwarded = portforward(core.connect_get_namespaced_pod_portforward, 'web', NAMESPACE, ports='8080')
    connection = forwarded.socket(8080)
    connection.setblocking(True)
    connection.sendall(b'GET /index.html HTTP/1.0\r\n\r\n')
    text = b''
    while True:
        part = connection.recv(1024)
        if not part:
            break
        text += part
    return {'page': text.decode().rsplit('\r\n', 1)[1], 'error': forwarded.error(8080)}


@step
def logs():
    """The follower reads until the container ends, which it does when it has been told to."""
    lines = []
    for line in watch.Watch().stream(core.read_namespaced_pod_log, 'web', NAMESPACE, container='counter'):
        lines.append(line)
        if line == 'line 3':
            stream(
                core.connect_get_namespaced_pod_exec,
                'web',
                NAMESPACE,
                container='counter',
                command=['touch', '/tmp/end'],
                stdout=True,
            )
    tail = core.read_namespaced_pod_log('web', NAMESPACE, container='counter', tail_lines=1)
    return {'followed': lines, 'tail': tail}


@step
def events():
    reasons = sorted((event.metadata.name, event.message) for event in core.list_namespaced_event(NAMESPACE).items)
    # The client's model does not take the empty eventTime that Kubernetes gives for events of the older form.
    answer = client.EventsV1Api().list_namespaced_event(NAMESPACE, _preload_content=False)
    notes = sorted((event['metadata']['name'], event['note']) for event in json.loads(answer.data)['items'])
    return {'some': len(reasons) > 0, 'same': reasons == notes}


@step
def lease():
    """As leader election: two take the same lease, and one is told of the conflict."""
    leases = client.CoordinationV1Api()
    spec = client.V1LeaseSpec(holder_identity='a', lease_duration_seconds=15)
    made = leases.create_namespaced_lease(
        NAMESPACE, client.V1Lease(metadata=client.V1ObjectMeta(name='leader'), spec=spec)
    )
    first, second = leases.read_namespaced_lease('leader', NAMESPACE), made
    first.spec.holder_identity = 'b'
    leases.replace_namespaced_lease('leader', NAMESPACE, first)
    second.spec.holder_identity = 'c'
    late = refusal(leases.replace_namespaced_lease, 'leader', NAMESPACE, second)
    return {'holder': leases.read_namespaced_lease('leader', NAMESPACE).spec.holder_identity, 'late': late['reason']}


@step
def by_discovery():
    """The dynamic client knows nothing but what discovery says."""
    anything = dynamic.DynamicClient(client.ApiClient())
    pods = anything.resources.get(api_version='v1', kind='Pod')
    sidecars = anything.resources.get(api_version='outfit.dev/v1alpha1', kind='Sidecar')
    return {
        'pods': [pod.metadata.name for pod in pods.get(namespace=NAMESPACE).items],
        'sidecars': sidecars.get(namespace=NAMESPACE).kind,
        'subresources': sorted(pods.subresources),
    }


@step
def delete():
    start = core.list_namespaced_pod(NAMESPACE).metadata.resource_version
    core.delete_namespaced_pod('web', NAMESPACE, grace_period_seconds=1)
    seen = []
    for event in watch.Watch().stream(core.list_namespaced_pod, NAMESPACE, resource_version=start, timeout_seconds=60):
        seen.append(event['type'])
        if event['type'] == 'DELETED':
            break
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector='!kubernetes.io/none')
    left = [m.metadata.name for m in core.list_namespaced_config_map(NAMESPACE).items]
    core.delete_namespace(NAMESPACE)
    return {'first': seen[0], 'last': seen[-1], 'pages': [name for name in left if name.startswith('page-')]}


json.dump(results, sys.stdout, indent=1, default=str)
