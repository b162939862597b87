import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { listAliases, listVersions, publishVersion, type FunctionConfiguration } from '../../api/lambda';
import { Await, Badge, Button, Panel } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { ago, bytes } from '../../ui/format';
import { toast, toastError } from '../../ui/Toasts';

type Row = FunctionConfiguration & { aliases: string[] };
const number = (f: Row) => (f.Version === '$LATEST' ? Infinity : Number(f.Version));

const COLUMNS: Column<Row>[] = [
  { key: 'version', title: 'Version', cell: (f) => f.Version, sort: number, width: '7rem' },
  {
    key: 'aliases',
    title: 'Aliases',
    cell: (f) => (
      <span className="badges">
        {f.aliases.map((a) => (
          <Badge key={a} tone="accent">
            {a}
          </Badge>
        ))}
      </span>
    ),
  },
  { key: 'description', title: 'Description', cell: (f) => f.Description, narrow: 'hide' },
  { key: 'memory', title: 'Memory', cell: (f) => `${f.MemorySize} MB`, align: 'end', width: '6rem', narrow: 'hide' },
  { key: 'size', title: 'Code', cell: (f) => bytes(f.CodeSize), align: 'end', width: '6rem', narrow: 'hide' },
  { key: 'modified', title: 'Made', cell: (f) => ago(f.LastModified), align: 'end', width: '7rem' },
];

export function VersionsTab({ name }: { name: string }) {
  const queries = useQueryClient();
  const versions = useQuery({ queryKey: ['versions', name], queryFn: () => listVersions(name) });
  const aliases = useQuery({ queryKey: ['aliases', name], queryFn: () => listAliases(name) });
  const publish = useMutation({
    mutationFn: () => publishVersion(name),
    onSuccess: (made) => {
      toast(`Version ${made.Version} is published.`);
      void queries.invalidateQueries({ queryKey: ['versions', name] });
    },
    onError: toastError,
  });
  return (
    <Panel
      title="Versions"
      actions={
        <Button busy={publish.isPending} onClick={() => publish.mutate()}>
          Publish a version
        </Button>
      }
    >
      <Await query={versions}>
        {(all) => {
          const rows = all.map((f): Row => ({ ...f, aliases: (aliases.data ?? []).filter((a) => a.FunctionVersion === f.Version).map((a) => a.Name) }));
          return <DataTable label="Versions" rows={rows.sort((a, b) => number(b) - number(a))} columns={COLUMNS} rowKey={(f) => f.Version} />;
        }}
      </Await>
    </Panel>
  );
}
