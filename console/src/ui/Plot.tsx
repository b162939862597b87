// The lines of a chart, drawn by uPlot on a canvas. A file of its own, for no page waits for it: see Chart.
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colour, useShownTheme } from '../app/theme';
import type { ChartProps } from './Chart';
import { clockTime } from './format';

const DAY = 86_400; // seconds
const LEAST = 60; // seconds that are shown, also before the second look
const spanOf = (times: ArrayLike<number>): [number, number] => {
  const end = times.length ? times[times.length - 1] : Date.now() / 1000;
  return [Math.min(times.length ? times[0] : end, end - LEAST), end];
};
const dayOf = (at: number) => new Date(at * 1000).toISOString().slice(5, 10);
const timeOf = (at: number) => clockTime(at * 1000).slice(0, 8);

export default function Plot({ label, times, series, format, height, bars, least = 0.5 }: ChartProps & { height: number }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const theme = useShownTheme();
  const names = series.map((s) => s.label).join();
  const data = [times, ...series.map((s) => s.values)] as uPlot.AlignedData;
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const grid = { stroke: colour('line'), width: 1 };
    const axis = { stroke: colour('muted'), grid, ticks: { show: false }, font: '11px system-ui' };
    const options: uPlot.Options = {
      width: place.current!.clientWidth,
      height,
      padding: [8, bars ? 8 : 30, 0, 0], // the last time is half behind the last point
      legend: { show: false },
      cursor: { y: false, points: { size: 6 } },
      scales: {
        x: { range: (_, min, max) => (bars ? [min - DAY / 2, max + DAY / 2] : spanOf(latest.current[0])) }, // uPlot would make a day of one point
        y: { range: (_, __, max) => [0, Math.max((max ?? 0) * 1.15, least) || 1] },
      },
      axes: [
        { ...axis, space: 70, incrs: bars ? [DAY, 7 * DAY, 30 * DAY] : undefined, values: (_, ticks) => ticks.map(bars ? dayOf : timeOf) },
        { ...axis, size: 62, values: (_, ticks) => ticks.map(format) },
      ],
      series: [
        {},
        ...series.map((s) => ({
          label: s.label,
          stroke: colour(s.colour),
          width: 2,
          fill: s.fill ? `color-mix(in srgb, ${colour(s.colour)} 14%, transparent)` : undefined,
          points: { size: 5, show: (u: uPlot, i: number) => !bars && [...u.data[i]].filter((v) => v !== undefined && v !== null).length < 20 },
          spanGaps: true,
          paths: bars ? uPlot.paths.bars!({ size: [0.6, 60] }) : undefined,
        })),
      ],
    };
    const made = new uPlot(options, latest.current, place.current!);
    plot.current = made;
    const watch = new ResizeObserver(([entry]) => made.setSize({ width: entry.contentRect.width, height }));
    watch.observe(place.current!);
    return () => {
      watch.disconnect();
      made.destroy();
    };
    // Made anew only for other lines or colours; numbers are put into it below.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [theme, names, height, bars, least]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  const now = series.map((s) => `${s.label} ${format(s.values.findLast((v) => v !== undefined) ?? 0)}`).join(', ');
  return <div ref={place} role="img" aria-label={`${label}: now ${now}`} style={{ height }} />;
}
