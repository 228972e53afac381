/** The picture: curves that the server has computed, drawn by uPlot. Nothing is computed here but where pixels are. */

import { colour, number, whole } from "./building.js";

const HEIGHT = 380;
const NARROW = 620; // pixels: below, the picture is lower

/** A chart of polylines over one axis of updates. */
export class Chart {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.lines = [];
    this.log = false;
    this.frozen = null; // the range of the axis while a hand moves
    this.draws = 0;
    new ResizeObserver(() => this.plot && this.plot.setSize(this.size())).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.build());
  }

  size() {
    const width = Math.max(260, this.place.clientWidth);
    return { width, height: width < NARROW ? 280 : HEIGHT };
  }

  /** @param {{x: Float32Array, y: Float32Array, paint: string, dash?: number[]}[]} lines @param {number} updates @param {boolean} log */
  show(lines, updates, log) {
    const same = this.plot && lines.length === this.lines.length && log === this.log && lines.every((l, k) => l.paint === this.lines[k].paint);
    Object.assign(this, { lines, updates, log });
    if (!same) this.build();
    else this.plot.setData(this.data());
  }

  data() {
    return lines_of(this.lines, this.log);
  }

  /** The ends of the axis of levels. */
  range() {
    let top = 0;
    let least = Infinity;
    for (const line of this.lines) {
      for (const v of line.y) {
        if (v > top) top = v;
        if (v > 0 && v < least) least = v;
      }
    }
    if (!(top > 0)) return this.log ? [0.1, 1] : [0, 1];
    if (!this.log) return [0, top * 1.12];
    least = Math.max(Math.min(least, top / 10), top * 1e-6);
    return [10 ** Math.floor(Math.log10(least) - 1e-9), top * 2];
  }

  build() {
    this.plot?.destroy();
    const muted = colour("muted");
    const grid = { stroke: colour("grid"), width: 1 };
    const font = "12px Inter, system-ui, sans-serif";
    const axis = { stroke: muted, grid, ticks: { ...grid, size: 4 }, font };
    this.plot = new window.uPlot(
      {
        ...this.size(),
        pxAlign: 0,
        padding: [16, 34, 0, 0],
        legend: { show: false },
        cursor: { y: false, sync: { key: "updates", setSeries: false }, drag: { setScale: false, x: false, y: false }, points: { show: false } },
        scales: {
          x: { time: false, range: () => [0, this.updates] },
          y: { distr: this.log ? 3 : 1, range: () => this.frozen ?? this.range() },
        },
        axes: [
          { ...axis, values: (_, ticks) => ticks.map(short), size: 36, space: 70 },
          { ...axis, values: (_, ticks) => ticks.map((v) => (v === null ? "" : number(v))), size: 58, space: 40 },
        ],
        series: [{}, ...this.lines.map((line) => ({ stroke: colour(line.paint), width: line.dash ? 1.5 : 2, dash: line.dash, pxAlign: 0, points: { show: false }, spanGaps: true }))],
        hooks: { draw: [() => { this.draws += 1; this.drawn?.(); }] },
      },
      this.data(),
      this.place,
    );
    this.built?.();
  }

  /** Where a value is, in pixels of the plot. */
  across(update) {
    return this.plot.valToPos(update, "x");
  }
  down(level) {
    const [low] = [this.plot.scales.y.min];
    return this.plot.valToPos(this.log ? Math.max(level, low) : level, "y");
  }
  update(left) {
    return this.plot.posToVal(left, "x");
  }
  level(top) {
    return this.plot.posToVal(top, "y");
  }
  get over() {
    return this.plot.over;
  }
  get width() {
    return this.plot.bbox.width / devicePixelRatio;
  }
  get height() {
    return this.plot.bbox.height / devicePixelRatio;
  }

  /** The level of the first line at an update, as drawn. @param {number} update */
  at(update) {
    const { x, y } = this.lines[0] ?? {};
    if (!x?.length) return 0;
    let low = 0;
    let high = x.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (x[middle] <= update) low = middle;
      else high = middle;
    }
    const share = x[high] > x[low] ? Math.min(1, Math.max(0, (update - x[low]) / (x[high] - x[low]))) : 0;
    return y[low] + share * (y[high] - y[low]);
  }

  /** Keep the axis as it is while a hand moves. @param {boolean} held */
  freeze(held) {
    if (held === Boolean(this.frozen)) return;
    this.frozen = held ? [this.plot.scales.y.min, this.plot.scales.y.max] : null;
    if (!held) this.plot.setData(this.data());
  }
}

/** Lines of their own x in one table; what a logarithmic axis cannot show is a gap. */
function lines_of(lines, log) {
  if (!lines.length) return [[0], [null]];
  const tables = lines.map(({ x, y }) => [x, log ? Array.from(y, (v) => (v > 0 ? v : null)) : y]);
  return tables.length === 1 ? tables[0] : window.uPlot.join(tables);
}

/** An update, as an axis says it. @param {number} v */
export const short = (v) => (v >= 1e6 ? `${+(v / 1e6).toPrecision(3)}M` : whole(v));
