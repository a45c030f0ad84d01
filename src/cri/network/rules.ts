/** A rule as iptables-save prints it, e.g. `-A FORWARD -s 10.244.0.0/24 … -j ACCEPT`, with its table. */
export interface Rule {
  table: string;
  text: string;
}

/**
 * What the node needs: Pods reach the world under the host's address, and a firewall that drops forwarded packets (Docker's default)
 * lets theirs pass, both ways, but only answers and published host ports inwards.
 */
export function wantedRules(podCidr: string, comment: string): Rule[] {
  const mark = `-m comment --comment ${JSON.stringify(comment)}`;
  return [
    { table: 'nat', text: `-A POSTROUTING -s ${podCidr} ! -d ${podCidr} ${mark} -j MASQUERADE` },
    { table: 'filter', text: `-I FORWARD -s ${podCidr} ${mark} -j ACCEPT` },
    {
      table: 'filter',
      text: `-I FORWARD -d ${podCidr} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT ${mark} -j ACCEPT`,
    },
  ];
}

/** The rules in the output of iptables-save. */
export function parseRules(text: string): Rule[] {
  let table = '';
  const rules: Rule[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    else if (line.startsWith('-A ')) rules.push({ table, text: line });
  }
  return rules;
}

/** Those with our comment; iptables-save puts it in quotes or not, as it likes. */
export function markedRules(rules: Rule[], comment: string): Rule[] {
  return rules.filter(({ text }) => text.includes(`--comment "${comment}" `) || text.includes(`--comment ${comment} `));
}

/** The host-port rules and chains that CNI's portmap made for Pods of this network, or for some of its sandboxes, and did not take away. */
export function hostPortRules(
  rules: Rule[],
  network: string,
  isOf: (sandboxId: string) => boolean = () => true,
): { rules: Rule[]; chains: string[] } {
  const ours = rules.filter(({ text }) => {
    const [, name, id = ''] = /dnat name: \\"([^"\\]*)\\" id: \\"([^"\\]*)\\"/.exec(text) ?? [];
    return name === network && isOf(id);
  });
  const chains = ours.map(({ text }) => / -j (CNI-DN-\S+)/.exec(text)?.[1] ?? '').filter(Boolean);
  return { rules: ours, chains: [...new Set(chains)] };
}

/** The chains that portmap shares between all networks, with the jumps into them, when no Pod of any network uses them now. */
export function idleHostPortChains(rules: Rule[]): { rules: Rule[]; chains: string[] } {
  const inUse = rules.some(({ text }) => text.startsWith('-A CNI-HOSTPORT-DNAT '));
  if (inUse) return { rules: [], chains: [] };
  const jumps = rules.filter(
    ({ table, text }) => table === 'nat' && SHARED.some((chain) => text.endsWith(` -j ${chain}`)),
  );
  return { rules: jumps, chains: jumps.length > 0 ? SHARED : [] };
}

const SHARED = ['CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-SETMARK', 'CNI-HOSTPORT-MASQ'];

/** Input for `iptables-restore --noflush`: rules to add (as they are), rules to delete, nat chains to empty and delete. */
export function restoreInput(change: { add?: Rule[]; remove?: Rule[]; removeChains?: string[] }): string {
  const { add = [], remove = [], removeChains = [] } = change;
  const lines = [
    ...add,
    ...remove.map(({ table, text }) => ({ table, text: text.replace(/^-A /, '-D ') })),
    ...removeChains.map((chain) => ({ table: 'nat', text: `-F ${chain}` })),
    ...removeChains.map((chain) => ({ table: 'nat', text: `-X ${chain}` })),
  ];
  const tables = [...new Set(lines.map(({ table }) => table))];
  const block = (table: string) => [
    `*${table}`,
    ...lines.filter((line) => line.table === table).map(({ text }) => text),
    'COMMIT',
    '',
  ];
  return tables.flatMap(block).join('\n');
}
