import { type Command, print } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { reportFindings } from '../manifests/report-findings.ts';
import { paintFor } from '../paint.ts';
import { hasErrors, readSurvey, surveyOptions, wantsJson } from './read-survey.ts';
import { problemsOf, statusReport } from './status-report.ts';
import { statusTable } from './status-table.ts';

export const status: Command = {
  name: 'status',
  summary: 'say how attached sidecars stand: current, stale, edited, missing, orphaned',
  usage: ['-f FILE... -s SIDECAR... [-o table|json]'],
  description: `  current    attached as it would be attached now
  stale      its definition, its parameters or the Pod have changed since
  edited     something that it brought was changed or removed by hand
  missing    it joins, and is not attached
  orphaned   it is attached, and does not join any more, or is not among the sidecars

Sidecars that neither join nor are attached are left out. Exits with 1 when there are errors: in a file, or where something keeps a sidecar
from being attached. Any state is a good answer; "outfit plan" exits with 2 when attaching would change something.`,
  options: surveyOptions('table'),
  examples: [
    { command: 'outfit status -f deploy/ -s sidecars/', summary: 'How the files of a repository stand' },
    {
      command: 'kubectl get deploy,sts,ds -A -o yaml | outfit status -f - -s sidecars/',
      summary: 'How the workloads of a cluster stand',
    },
  ],
  async run(args, context) {
    const asJson = wantsJson(args, 'table');
    const found = await readSurvey('status', args, context);
    const report = statusReport(found);
    if (asJson) print(context, JSON.stringify(report, null, 2));
    else {
      reportFindings(problemsOf(report), context);
      if (!hasErrors(found.sidecars.findings))
        for (const line of statusTable(report, paintFor(context.stdout, context))) print(context, line);
    }
    return hasErrors(problemsOf(report)) ? EXIT.error : EXIT.done;
  },
};
