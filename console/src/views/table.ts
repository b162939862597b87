// The table of views: a later service adds its row and its folder, and touches nothing else.
import {
  BadgeAlert,
  Cylinder,
  Gauge,
  Globe,
  Network,
  ReceiptText,
  ScrollText,
  Settings2,
  SquareFunction,
  Table2,
  Waypoints,
  Workflow,
  type LucideIcon,
} from 'lucide-react';
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import { bucketNames } from '../api/s3';
import { listTables } from '../api/dynamodb';
import { listFunctions } from '../api/lambda';
import { groupNames } from '../api/logs';
import { Overview } from './overview/Overview';

export interface View {
  id: string; // in the address
  title: string;
  group: string; // in the navigation
  key: string; // g and this: go there
  icon: LucideIcon;
  component: ComponentType | LazyExoticComponent<ComponentType>;
}

export const views: View[] = [
  { id: 'overview', title: 'Overview', group: 'see', key: 'o', icon: Gauge, component: Overview },
  { id: 'map', title: 'Map', group: 'see', key: 'm', icon: Workflow, component: lazy(() => import('./map/Map')) },
  { id: 'traces', title: 'Traces', group: 'see', key: 't', icon: Waypoints, component: lazy(() => import('./traces/Traces')) },
  { id: 'logs', title: 'Logs', group: 'see', key: 'l', icon: ScrollText, component: lazy(() => import('./logs/Logs')) },
  { id: 'functions', title: 'Functions', group: 'run', key: 'f', icon: SquareFunction, component: lazy(() => import('./functions/Functions')) },
  { id: 'apis', title: 'APIs', group: 'run', key: 'a', icon: Network, component: lazy(() => import('./apis/Apis')) },
  { id: 'failed', title: 'Failed events', group: 'run', key: 'e', icon: BadgeAlert, component: lazy(() => import('./failed/Failed')) },
  { id: 'buckets', title: 'Buckets', group: 'store', key: 'b', icon: Cylinder, component: lazy(() => import('./buckets/Buckets')) },
  { id: 'sites', title: 'Sites', group: 'store', key: 'w', icon: Globe, component: lazy(() => import('./sites/Sites')) },
  { id: 'tables', title: 'Tables', group: 'store', key: 'd', icon: Table2, component: lazy(() => import('./tables/Tables')) },
  { id: 'bill', title: 'Bill', group: 'account', key: 'c', icon: ReceiptText, component: lazy(() => import('./bill/Bill')) },
  { id: 'settings', title: 'Settings', group: 'account', key: 's', icon: Settings2, component: lazy(() => import('./settings/Settings')) },
];

/** What the palette finds by name. */
export const sources = [
  { kind: 'Function', view: 'functions', queryKey: ['names', 'functions'], names: async () => (await listFunctions()).map((f) => f.FunctionName) },
  { kind: 'Bucket', view: 'buckets', queryKey: ['names', 'buckets'], names: bucketNames },
  { kind: 'Log group', view: 'logs', queryKey: ['names', 'log-groups'], names: groupNames },
  { kind: 'Table', view: 'tables', queryKey: ['names', 'tables'], names: listTables },
];
