import { useQuery } from '@tanstack/react-query';
import { listApis, type Api } from '../../api/apigateway';
import { go, href, useRoute } from '../../app/router';
import { Await, Empty, PageHead } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { Filter, useFilter } from '../../ui/Filter';
import { count } from '../../ui/format';
import { ApiPage } from './ApiPage';

const COLUMNS: Column<Api>[] = [
  { key: 'name', title: 'Name', cell: (a) => <a href={href('apis', [a.apiId])}>{a.name}</a>, sort: (a) => a.name },
  { key: 'id', title: 'Id', cell: (a) => <code>{a.apiId}</code>, width: '9rem' },
  { key: 'endpoint', title: 'Address', cell: (a) => <code>{a.apiEndpoint}</code>, narrow: 'hide' },
];

function List() {
  const filter = useFilter();
  const apis = useQuery({ queryKey: ['apis'], queryFn: listApis, refetchInterval: 10_000 });
  return (
    <>
      <PageHead title="APIs">
        <Filter of={filter} label="Filter by name or id" />
      </PageHead>
      <Await query={apis}>
        {(all) => {
          const rows = all.filter((a) => filter.has(a.name, a.apiId)).sort((a, b) => a.name.localeCompare(b.name));
          return all.length ? (
            <DataTable label="HTTP APIs" rows={rows} columns={COLUMNS} rowKey={(a) => a.apiId} onOpen={(a) => go(href('apis', [a.apiId]))} foot={`${count(rows.length)} of ${count(all.length)}`} />
          ) : (
            <Empty title="There are no HTTP APIs yet" command="aws apigatewayv2 create-api --name hello --protocol-type HTTP --target FUNCTION-ARN">
              A template's HttpApi events make one, too.
            </Empty>
          );
        }}
      </Await>
    </>
  );
}

export default function Apis() {
  const { rest } = useRoute();
  return rest[0] ? <ApiPage key={rest[0]} id={rest[0]} /> : <List />;
}
