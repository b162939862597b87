import { useQuery } from '@tanstack/react-query';
import { Background, Controls, MarkerType, ReactFlow, type Edge, type Node } from '@xyflow/react';
import '@xyflow/react/dist/style.css';
import { useMemo, useState } from 'react';
import { ApiError } from '../../api/http';
import { getMap, type MapEdge, type MapNode, type ServiceMap } from '../../api/traces';
import { go, href } from '../../app/router';
import { useShownTheme } from '../../app/theme';
import { Await, Badge, Empty, Field, PageHead, Panel } from '../../ui/basics';
import { DataTable, type Column } from '../../ui/DataTable';
import { count, duration, perSecond } from '../../ui/format';
import { labelsOf, place } from './layout';
import { MapArrow } from './MapArrow';
import { MapNodeCard, type CardNode } from './MapNodeCard';

const MINUTES = [5, 15, 60];
const nodeTypes = { card: MapNodeCard };
const edgeTypes = { placed: MapArrow };
const FIT = { padding: 0.06, minZoom: 0.1, maxZoom: 1.1 }; // all of it, however small

const viewOf: Record<string, string> = { function: 'functions', bucket: 'buckets', table: 'tables' };
const addressOf = (node: MapNode) => (viewOf[node.kind] ? href(viewOf[node.kind], [node.name]) : undefined);

const labelOf = (edge: MapEdge, seconds: number) => `${perSecond(edge.count / seconds)}/s${edge.errors > 0 ? `, ${count(edge.errors)} failed` : ''}`;

function edgeOf(edge: MapEdge, seconds: number, along?: number): Edge {
  const failing = edge.errors > 0;
  const colour = failing ? 'var(--bad)' : 'var(--edge)';
  return {
    id: `${edge.from} ${edge.to}`,
    source: edge.from,
    target: edge.to,
    type: 'placed',
    data: { along },
    label: along === undefined ? undefined : labelOf(edge, seconds),
    animated: edge.count > 0,
    markerEnd: { type: MarkerType.ArrowClosed, color: colour, markerUnits: 'userSpaceOnUse', width: 16, height: 16 },
    style: { stroke: colour, strokeWidth: Math.min(6, 1.5 + Math.log10(1 + edge.count)) },
    labelStyle: { fill: failing ? 'var(--bad)' : 'var(--text)' },
    labelBgStyle: { fill: 'var(--surface)' },
  };
}

const COLUMNS: Column<MapEdge & { names: [string, string] }>[] = [
  { key: 'from', title: 'From', cell: (e) => e.names[0], sort: (e) => e.names[0] },
  { key: 'to', title: 'To', cell: (e) => e.names[1], sort: (e) => e.names[1] },
  { key: 'count', title: 'Calls', cell: (e) => count(e.count), sort: (e) => e.count, align: 'end', width: '6rem' },
  { key: 'errors', title: 'Failed', cell: (e) => (e.errors ? <Badge tone="bad">{count(e.errors)}</Badge> : '0'), sort: (e) => e.errors, align: 'end', width: '6rem' },
  { key: 'p50', title: 'Median', cell: (e) => duration(e.p50_us / 1000), sort: (e) => e.p50_us, align: 'end', width: '6rem', narrow: 'hide' },
];

function Flow({ map, seconds }: { map: ServiceMap; seconds: number }) {
  const theme = useShownTheme();
  const places = useMemo(() => place(map), [map]);
  const nodes = map.nodes.map((node): CardNode => ({ id: node.id, type: 'card', position: places.get(node.id)!, data: { node, seconds } }));
  const edges = useMemo(() => {
    const drawn = map.edges.filter((e) => places.has(e.from) && places.has(e.to));
    const along = labelsOf(drawn.map((e) => ({ id: `${e.from} ${e.to}`, from: e.from, to: e.to, label: labelOf(e, seconds) })), places);
    return drawn.map((e) => edgeOf(e, seconds, along.get(`${e.from} ${e.to}`)));
  }, [map, places, seconds]);
  const height = Math.max(...[...places.values()].map((p) => p.y)) + 180;
  return (
    <div className="flow" style={{ height: `clamp(260px, ${height}px, 78vh)` }}>
      <ReactFlow
        nodes={nodes as Node[]}
        edges={edges}
        nodeTypes={nodeTypes}
        colorMode={theme}
        fitView
        fitViewOptions={FIT}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        minZoom={0.1}
        edgeTypes={edgeTypes}
        proOptions={{ hideAttribution: false }}
        onNodeClick={(_, node) => {
          const to = addressOf((node as CardNode).data.node);
          if (to) go(to);
        }}
      >
        <Background gap={22} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

export default function MapView() {
  const [minutes, setMinutes] = useState(15);
  const map = useQuery({
    queryKey: ['map', minutes],
    queryFn: () => getMap(Date.now() - minutes * 60_000, Date.now()),
    refetchInterval: 4000,
  });
  const off = map.error instanceof ApiError && map.error.status === 404;
  if (off) {
    return (
      <>
        <PageHead title="Map" />
        <Empty title="Traces are off" command="gust status">
          The map is drawn from traces, which this Gust does not keep.
        </Empty>
      </>
    );
  }
  return (
    <>
      <PageHead title="Map" lead="The application as it really flows.">
        <Badge tone="ok">live</Badge>
        <Field label="Of the last">
          <select value={minutes} onChange={(e) => setMinutes(Number(e.target.value))}>
            {MINUTES.map((n) => (
              <option key={n} value={n}>
                {n} minutes
              </option>
            ))}
          </select>
        </Field>
      </PageHead>
      <Await query={map}>
        {(found) => {
          const names = new Map(found.nodes.map((n) => [n.id, n.name]));
          const rows = found.edges.map((e) => ({ ...e, names: [names.get(e.from) ?? e.from, names.get(e.to) ?? e.to] as [string, string] }));
          if (!found.nodes.length) return <Empty title="Nothing has flowed in this time" command="gust invoke NAME" />;
          return (
            <>
              <Flow key={found.nodes.length} map={found} seconds={minutes * 60} />
              <Panel title="The same as a list">
                <DataTable label="Flows" rows={rows} columns={COLUMNS} rowKey={(e) => `${e.from} ${e.to}`} height={360} none="Nothing has called another." />
              </Panel>
            </>
          );
        }}
      </Await>
    </>
  );
}
