// A chart over time, with its legend. The numbers are also given in words for those who do not see it.
import { lazy, Suspense } from 'react';

const Plot = lazy(() => import('./Plot'));

export interface Series {
  label: string;
  colour: string; // a name of the style sheet
  values: (number | undefined)[];
  fill?: boolean;
}
export interface ChartProps {
  label: string;
  times: number[]; // seconds since 1970
  series: Series[];
  format: (value: number) => string;
  height?: number;
  bars?: boolean;
  least?: number; // that the axis reaches, whatever the values
}

export function Chart({ height = 180, ...props }: ChartProps) {
  return (
    <figure className="chart">
      <div className="legend" aria-hidden>
        {props.series.map((s) => (
          <span key={s.label}>
            <i className={`swatch c-${s.colour}`} />
            {s.label}
          </span>
        ))}
      </div>
      <Suspense fallback={<div className="loading" style={{ height }} />}>
        <Plot height={height} {...props} />
      </Suspense>
    </figure>
  );
}
