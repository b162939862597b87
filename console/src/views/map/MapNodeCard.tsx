import { Handle, Position, type Node, type NodeProps } from '@xyflow/react';
import { Cylinder, Globe, Network, Puzzle, Rows3, SquareFunction, Table2, User, type LucideIcon } from 'lucide-react';
import type { MapNode } from '../../api/traces';
import { count, duration, perSecond } from '../../ui/format';

const ICONS: Record<string, LucideIcon> = { function: SquareFunction, bucket: Cylinder, table: Table2, api: Network, site: Globe, queue: Rows3, client: User };

export type CardNode = Node<{ node: MapNode; seconds: number }, 'card'>;

export function MapNodeCard({ data: { node, seconds } }: NodeProps<CardNode>) {
  const Icon = ICONS[node.kind] ?? Puzzle;
  return (
    <div className={`map-card ${node.errors ? 'failing' : ''}`}>
      <Handle type="target" position={Position.Left} />
      <div className="with-icon">
        <Icon size={16} aria-hidden />
        <strong title={node.name}>{node.name}</strong>
      </div>
      <small className="muted">
        {node.kind} · {perSecond(node.count / seconds)}/s · {duration(node.p50_us / 1000)}
      </small>
      {node.errors > 0 && <small className="bad">{count(node.errors)} failed</small>}
      <Handle type="source" position={Position.Right} />
    </div>
  );
}
