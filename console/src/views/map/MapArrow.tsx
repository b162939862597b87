import { BaseEdge, getBezierPath, type EdgeProps } from '@xyflow/react';
import { pointOf } from './layout';

/** An arrow whose label stands where there is room for it. */
export function MapArrow(props: EdgeProps) {
  const { sourceX, sourceY, targetX, targetY, data, label, labelStyle, labelBgStyle, style, markerEnd } = props;
  const [path] = getBezierPath(props);
  const at = pointOf({ x: sourceX, y: sourceY }, { x: targetX, y: targetY }, (data?.along as number | undefined) ?? 0.5);
  return <BaseEdge path={path} label={label} labelX={at.x} labelY={at.y} labelStyle={labelStyle} labelBgStyle={labelBgStyle} style={style} markerEnd={markerEnd} />;
}
