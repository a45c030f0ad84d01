import { type Command, print } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { reportFindings } from '../manifests/report-findings.ts';
import { paintFor } from '../paint.ts';
import { planReport } from './plan-report.ts';
import { planText } from './plan-text.ts';
import { hasErrors, readSurvey, surveyOptions, wantsJson } from './read-survey.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'say what attaching would change: requests, QoS, Pod Security, ports, rollouts',
  usage: ['-f FILE... -s SIDECAR... [-o text|json]'],
  description: `For each workload: containers that come and go; what the whole Pod asks for and is bounded by (init containers and native sidecars
counted as Kubernetes does, KEP-753), and a cheaper place for a sidecar if there is one; QoS class; Pod Security level; new ports; whether
the change means a rollout. It warns of Jobs that would never finish, and of HorizontalPodAutoscalers among the files that would miss a
request. Nothing is changed.

Exits with 2 when something would change, with 1 when there are errors, with 0 when all is as the sidecars want it.`,
  options: surveyOptions('text'),
  examples: [
    { command: 'outfit plan -f deploy/ -s sidecars/', summary: 'What "outfit attach" would change' },
    {
      command: 'outfit plan -f deploy/ -s sidecars/ || test $? -eq 2',
      summary: 'In a pipeline that shows the plan and fails only for errors',
    },
  ],
  async run(args, context) {
    const asJson = wantsJson(args, 'text');
    const found = await readSurvey('plan', args, context);
    const report = planReport(found);
    if (asJson) print(context, JSON.stringify(report, null, 2));
    else {
      reportFindings(report.findings, context);
      if (!hasErrors(found.sidecars.findings))
        context.stdout.write(planText(report, paintFor(context.stdout, context)));
    }
    if (hasErrors([...report.findings, ...report.workloads.flatMap(({ findings }) => findings)])) return EXIT.error;
    return report.workloads.some(({ changed }) => changed) ? EXIT.difference : EXIT.done;
  },
};
