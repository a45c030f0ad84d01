import { type Command, print } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { reportFindings } from '../manifests/report-findings.ts';
import { paintFor } from '../paint.ts';
import { explainReport, findingsOf } from './explain-report.ts';
import { explainTree } from './explain-tree.ts';
import { hasErrors, readSurvey, surveyOptions, wantsJson } from './read-survey.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'say which sidecars join which workloads, and why or why not',
  usage: ['-f FILE... -s SIDECAR... [-o tree|json]'],
  description: `Under each workload stands each sidecar with the first rule that decided it, and the place of that rule: in the sidecar, or in the
workload. Near misses are told: a label in another case, an annotation one level too high. Nothing is changed.

Exits with 1 when there are errors: in a file, or where a sidecar joins and cannot be attached.`,
  options: surveyOptions('tree'),
  examples: [
    { command: 'outfit explain -f deploy/ -s sidecars/', summary: 'Every workload and every sidecar of two folders' },
    {
      command: 'helm template . | outfit explain -f - -s sidecars/ -o json',
      summary: 'What a Helm chart would get, for a program',
    },
  ],
  async run(args, context) {
    const asJson = wantsJson(args, 'tree');
    const found = await readSurvey('explain', args, context);
    const report = explainReport(found);
    if (asJson) print(context, JSON.stringify(report, null, 2));
    else {
      reportFindings(report.findings, context);
      if (!hasErrors(found.sidecars.findings))
        context.stdout.write(explainTree(report, paintFor(context.stdout, context)));
    }
    return hasErrors(findingsOf(report)) ? EXIT.error : EXIT.done;
  },
};
