// A vitest reporter that leaves the counts and the reason of every skip in the file that OUTFIT_TEST_REPORT names.
import { writeFileSync } from 'node:fs';

export default class CountingReporter {
  onTestRunEnd(modules, errors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const results = tests.map((test) => ({
      name: `${test.module.relativeModuleId} > ${test.fullName}`,
      ...test.result(),
    }));
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const report = {
      passed: results.filter((r) => r.state === 'passed').length,
      failed: results.filter((r) => r.state === 'failed').length + broken,
      skipped: results
        .filter((r) => r.state === 'skipped' || r.state === 'pending')
        .map((r) => ({ name: r.name, reason: r.note ?? 'no reason given' })),
    };
    if (process.env.OUTFIT_TEST_REPORT) writeFileSync(process.env.OUTFIT_TEST_REPORT, JSON.stringify(report));
  }
}
