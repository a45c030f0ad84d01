import { expect, test } from 'vitest';
import { memoryStore } from '../../store/memory-store.ts';
import { parseRoute } from '../http/route.ts';
import { Metrics } from './metrics.ts';

const metrics = () =>
  new Metrics({ store: memoryStore(), process: () => ({ residentBytes: 7, cpuSeconds: 1.5, startedAt: 9 }) });
const PODS = '/api/v1/namespaces/default/pods';
const lines = (page: string, name: string) => page.split('\n').filter((line) => line.startsWith(name));

test('requests are counted by what they asked, with the time they took', () => {
  const counted = metrics();
  const route = parseRoute(`${PODS}/p`);
  for (const seconds of [0.001, 0.03, 100]) counted.observe({ verb: 'get', route, code: 200, seconds });
  const labels = 'verb="GET",group="",version="v1",resource="pods",subresource="",scope="resource"';
  const page = counted.text();
  expect(lines(page, 'apiserver_request_total')).toEqual([`apiserver_request_total{${labels},code="200"} 3`]);
  const times = lines(page, 'apiserver_request_duration_seconds');
  expect(times.slice(0, 3).map((line) => line.replace(labels, ''))).toEqual([
    'apiserver_request_duration_seconds_bucket{,le="0.005"} 1',
    'apiserver_request_duration_seconds_bucket{,le="0.025"} 1',
    'apiserver_request_duration_seconds_bucket{,le="0.05"} 2',
  ]);
  expect(times.slice(-3).map((line) => line.replace(labels, ''))).toEqual([
    'apiserver_request_duration_seconds_bucket{,le="+Inf"} 3',
    'apiserver_request_duration_seconds_sum{} 100.031',
    'apiserver_request_duration_seconds_count{} 3',
  ]);
});

test.each([
  ['list', '/api/v1/pods', 'LIST', 'pods', '', 'cluster'],
  ['watch', PODS, 'WATCH', 'pods', '', 'namespace'],
  ['create', `${PODS}/p/exec`, 'CONNECT', 'pods', 'exec', 'resource'],
  ['update', `${PODS}/p/status`, 'PUT', 'pods', 'status', 'resource'],
  ['get', `${PODS}/p/words`, 'GET', 'pods', '', 'resource'],
  ['get', '/api/v1/strangers', 'GET', '', '', ''],
  ['get', '/livez', 'GET', '', '', ''],
  ['brew', '/livez', 'OTHER', '', '', ''],
])('%s %s', (verb, path, expected, resource, subresource, scope) => {
  const counted = metrics();
  counted.observe({ verb, route: parseRoute(path), code: 200, seconds: 0 });
  const [line = ''] = lines(counted.text(), 'apiserver_request_total');
  expect(/verb="(\w+)".*,resource="(\w*)",subresource="(\w*)",scope="(\w*)"/.exec(line)?.slice(1)).toEqual([
    expected,
    resource,
    subresource,
    scope,
  ]);
});

test('watches that are open, and the process', () => {
  const counted = metrics();
  const over = counted.watching();
  expect(lines(counted.text(), 'apiserver_longrunning')).toEqual(['apiserver_longrunning_requests{verb="WATCH"} 1']);
  over();
  const page = counted.text();
  expect(lines(page, 'apiserver_longrunning')).toEqual(['apiserver_longrunning_requests{verb="WATCH"} 0']);
  expect(lines(page, 'process_')).toEqual([
    'process_cpu_seconds_total 1.5',
    'process_resident_memory_bytes 7',
    'process_start_time_seconds 9',
  ]);
});
