import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getApi, listIntegrations, listRoutes, listStages, type Route } from '../../api/apigateway';
import { href } from '../../app/router';
import { Await, Badge, Button, Crumbs, Empty, Facts, PageHead, Panel } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { TryRoute } from './TryRoute';

type Row = Route & { method: string; path: string; to: string };

function rowOf(route: Route, uris: Map<string, string>): Row {
  const [method, path] = route.routeKey.includes(' ') ? route.routeKey.split(' ') : ['ANY', route.routeKey];
  const uri = uris.get(route.target?.replace('integrations/', '') ?? '') ?? '';
  return { ...route, method, path, to: uri.match(/function:([^:/]+)/)?.[1] ?? uri };
}

const columns = (onTry: (row: Row) => void): Column<Row>[] => [
  { key: 'method', title: 'Method', cell: (r) => <Badge tone="accent">{r.method}</Badge>, sort: (r) => r.method, width: '6rem' },
  { key: 'path', title: 'Path', cell: (r) => <code>{r.path}</code>, sort: (r) => r.path },
  { key: 'to', title: 'Answers', cell: (r) => <a href={href('functions', [r.to])}>{r.to}</a>, sort: (r) => r.to, narrow: 'hide' },
  {
    key: 'try',
    title: '',
    cell: (r) => (
      <Button kind="quiet" aria-label={`Try ${r.method} ${r.path}`} onClick={() => onTry(r)}>
        Try
      </Button>
    ),
    align: 'end',
    width: '5rem',
  },
];

export function ApiPage({ id }: { id: string }) {
  const api = useQuery({ queryKey: ['api', id], queryFn: () => getApi(id) });
  const stages = useQuery({ queryKey: ['stages', id], queryFn: () => listStages(id) });
  const routes = useQuery({
    queryKey: ['routes', id],
    queryFn: async () => {
      const [found, integrations] = await Promise.all([listRoutes(id), listIntegrations(id)]);
      const uris = new Map(integrations.map((i) => [i.integrationId, i.integrationUri ?? '']));
      return found.map((route) => rowOf(route, uris));
    },
    refetchInterval: 10_000,
  });
  const [chosen, setChosen] = useState<Row>();
  return (
    <>
      <Crumbs items={[['APIs', href('apis')], [api.data?.name ?? id]]} />
      <PageHead title={api.data?.name ?? id} lead={api.data?.description} />
      <Panel>
        <Facts
          rows={[
            ['Address', <code key="a">{api.data?.apiEndpoint}</code>],
            ['By path', <code key="b">{`${location.origin}/_gust/api/${id}/`}</code>],
            ['Stages', stages.data?.map((s) => s.stageName).join(', ')],
            ['CORS', api.data?.corsConfiguration?.allowOrigins?.join(', ')],
          ]}
        />
      </Panel>
      <Await query={routes}>
        {(rows) =>
          rows.length ? (
            <DataTable label="Routes" rows={rows} columns={columns(setChosen)} rowKey={(r) => r.routeId} height={340} onOpen={setChosen} selected={chosen?.routeId} />
          ) : (
            <Empty title="It has no routes" command={`aws apigatewayv2 create-route --api-id ${id} --route-key 'GET /hello' --target integrations/ID`} />
          )
        }
      </Await>
      <TryRoute key={chosen?.routeId} api={id} stages={stages.data?.map((s) => s.stageName) ?? ['$default']} method={chosen?.method} path={chosen?.path} />
    </>
  );
}
