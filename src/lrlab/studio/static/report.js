/** A report that the server has computed: tables, figures, texts and code. One cursor goes through all its figures. */

import { colour, command, make, number, say, whole } from "./building.js";

const SERIES = 7;
const HEIGHT = 280;
const NEAR = 6; // pixels to a mark
const UPDATES = /^(completed )?updates?$/; // a whole number
const shade = (ink) => `color-mix(in srgb, ${ink} 16%, transparent)`; // of a band
const APART = 4; // times the lowest value is the highest, where a logarithmic axis has something to tell
const STEPS = Array.from({ length: 30 }, (_, k) => [1, 2, 5][k % 3] * 10 ** Math.floor(k / 3)); // between ticks: whole updates

/** @param {any} report @returns {HTMLElement[]} */
export function sections(report) {
  const isFigure = (section) => section?.kind === "figure";
  const slots = slotsOf(report.sections.filter(isFigure));
  let beside = 0; // figures in a row so far
  let tables = 0;
  return report.sections.map((section, k) => {
    beside = isFigure(section) ? beside + 1 : 0;
    if (section.kind === "table") return card(section.title, table(k ? section : pinned(section, report.baseline), (tables += 1)));
    if (isFigure(section)) return figure(section, slots, beside % 2 === 1 && !isFigure(report.sections[k + 1]));
    if (section.kind === "code") return code(section);
    return card(section.title, ...section.text.split("\n\n").map((part) => make("p", {}, part)));
  });
}

/** @param {[string, string][]} given */
export function facts(given) {
  return card("To repeat this", make("dl", { class: "facts" }, ...given.flatMap(([name, fact]) => [make("dt", {}, name), make("dd", {}, ...command(fact))])));
}

function code({ title, code: lines }) {
  const copy = make("button", { class: "button", type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(lines);
    say("Copied");
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });
  return make("section", { class: "card stack" }, make("div", { class: "row spread" }, make("h2", {}, title), copy), make("pre", { class: "code", role: "region", tabindex: "0", "aria-label": `Code: ${title}` }, lines));
}

const card = (title, ...inside) => make("section", { class: "card stack" }, title && make("h2", {}, title), ...inside);

/** The row of the baseline first, and called so. @param {any} given @param {string} [baseline] */
export function pinned(given, baseline) {
  const at = given.columns.findIndex((column) => column.name === "strategy");
  const own = at < 0 || !baseline ? undefined : given.rows.find((row) => row[at].text === baseline);
  if (!own) return given;
  const first = own.map((cell, k) => (k === at ? { ...cell, note: "baseline" } : cell));
  return { ...given, rows: [first, ...given.rows.filter((row) => row !== own)], pinned: true };
}

/** @param {any} given @param {number|string} [place] which of several */
export function table(given, place = "") {
  const numeric = given.columns.map((column) => (column.numeric ? "number" : column.interval ? "interval" : ""));
  const head = make("tr", {}, ...given.columns.map((column, k) => make(column.name ? "th" : "td", { scope: column.name ? "col" : null, class: numeric[k] }, column.name)));
  const rows = given.rows.map((row, number_) =>
    make("tr", { class: given.pinned && !number_ ? "pinned" : null }, ...row.map((cell, k) => make("td", { class: numeric[k] }, ...content(cell)))),
  );
  const label = given.title || `${given.columns.map((c) => c.name).filter(Boolean).join(", ")}`;
  return make(
    "div", {},
    make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": `Table ${place}: ${label}`.replace(" :", ":") }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))),
    given.note && make("p", { class: "small muted note" }, given.note),
  );
}

function content(cell) {
  if (cell.tone) return [make("span", { class: cell.tone }, cell.text)];
  if (cell.mid === undefined) return cell.note ? [cell.text, make("span", { class: "tagged" }, cell.note)] : [cell.text];
  const at = (share) => (8 + share * 144).toFixed(1);
  const line = (y, x1, x2, kind) => make("line", { x1: at(x1), x2: at(x2), y1: y, y2: y, class: kind });
  return [
    make(
      "svg", { class: "forest", width: 160, height: 20, viewBox: "0 0 160 20", "aria-hidden": "true" },
      make("line", { x1: at(cell.zero), x2: at(cell.zero), y1: 0, y2: 20, class: "zero" }),
      ...cell.points.map((p) => make("circle", { cx: at(p), cy: 15, r: 1.5, class: "dot" })),
      line(8, cell.low, cell.high, "range"),
      make("circle", { cx: at(cell.mid), cy: 8, r: 3.5, class: "middle" }),
    ),
    make("span", { class: "small muted" }, cell.text),
  ];
}

/** A line has one colour in all figures: its place in the one with the most lines. */
function slotsOf(figures) {
  const slots = new Map();
  for (const { lines } of [...figures].sort((a, b) => b.lines.length - a.lines.length)) {
    for (const [k, { name }] of lines.entries()) if (!slots.has(name)) slots.set(name, k);
  }
  return slots;
}

/** @param {any} given @param {Map<string, number>} [slots] the colour of each line @param {boolean} [wide] */
export function figure(given, slots, wide) {
  const place = make("div", { class: "plot", role: "img", "aria-label": `${given.title}. ${given.words}` });
  const where = make("p", { class: "where" }, given.words);
  const names = make("div", { class: "chips" });
  const made = make("section", { class: `card figure${wide ? " wide" : ""}` }, make("h2", {}, given.title), make("div", { class: "y-label" }, given.y), place, where, names, given.note && make("p", { class: "small muted" }, given.note));
  const hidden = new Set();
  requestAnimationFrame(() => new Drawn(given, place, where, names, hidden, slots));
  return made;
}

class Drawn {
  constructor(given, place, where, names, hidden, slots) {
    const all = given.lines.flatMap((line) => line.y).filter((v) => v > 0);
    this.log = given.log && Math.max(...all) > APART * Math.min(...all);
    Object.assign(this, { given, place, where, hidden, names, slots });
    this.draw();
    new ResizeObserver(() => this.plot.setSize(this.size())).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    names.replaceChildren(...given.lines.map((line, k) => this.chip(line, k)));
  }

  paint(k) {
    const { lines } = this.given;
    const slot = this.slots?.get(lines[k].name) ?? k;
    return lines.length > SERIES && slot >= 4 ? "quiet" : `series-${slot % SERIES}`;
  }

  size() {
    return { width: Math.max(240, this.place.clientWidth), height: HEIGHT };
  }

  chip(line, k) {
    const chip = make("button", { type: "button", class: "chip", "aria-pressed": "true" }, make("span", { class: "name" }, line.name), line.last && make("span", { class: "muted" }, line.last));
    chip.style.setProperty("--paint", `var(--${this.paint(k)})`);
    chip.addEventListener("click", () => {
      const shown = this.hidden.has(k);
      if (shown) this.hidden.delete(k);
      else this.hidden.add(k);
      chip.setAttribute("aria-pressed", String(shown));
      this.draw();
    });
    return chip;
  }

  draw() {
    this.plot?.destroy();
    const { given } = this;
    const lines = given.lines.map((line, k) => ({ ...line, k })).filter((line) => !this.hidden.has(line.k));
    const series = [{}];
    const tables = [];
    const bands = [];
    for (const line of [...lines].reverse()) {
      const ink = colour(this.paint(line.k));
      if (line.low) {
        const at = series.length;
        tables.push([line.x, line.high], [line.x, line.low]);
        const edge = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: true };
        series.push(edge, { ...edge });
        bands.push({ series: [at, at + 1], fill: shade(ink) });
      }
      tables.push([line.x, line.y]);
      series.push({ label: line.name, stroke: ink, width: 2, pxAlign: 0, points: { show: line.x.length < 2 }, spanGaps: true, own: line });
    }
    const grid = { stroke: colour("grid"), width: 1 };
    const axis = { stroke: colour("muted"), grid, ticks: { ...grid, size: 4 }, font: "12px Inter, system-ui, sans-serif" };
    this.plot = new window.uPlot(
      {
        ...this.size(), pxAlign: 0, padding: [12, 24, 0, 0], legend: { show: false }, bands,
        cursor: { y: false, sync: { key: given.x.includes("update") ? "updates" : given.title, setSeries: false }, drag: { x: true, y: false }, points: { show: false } },
        scales: {
          x: { time: false, ...(given.log_x && { distr: 3, range: (_, low, high) => (low < high ? [low, high] : [low / 2, high * 2]) }) },
          y: { distr: this.log ? 3 : 1, range: (_, low, high) => (this.log ? [(low ?? 0.1) / 1.15, (high ?? 1) * 1.15] : padded(low, high)) },
        },
        axes: [
          {
            ...axis, size: 34,
            ...(UPDATES.test(given.x) ? { incrs: STEPS, values: (_, ticks) => ticks.map(whole), space: 70 } : { label: given.x, labelFont: axis.font, labelSize: 18, labelGap: 2, values: (_, ticks) => ticks.map((v) => String(+v.toPrecision(6))), space: 60 }),
            ...(given.log_x && logarithmic((plot) => plot.bbox.width / devicePixelRatio / 60)),
          },
          { ...axis, values: (_, ticks) => ticks.map((v) => (v === null ? "" : number(v))), size: (_, ticks) => Math.max(58, 14 + 7 * Math.max(...(ticks ?? []).map((v) => v.length))), space: 36, ...(this.log && logarithmic(() => 7)) },
        ],
        series,
        hooks: { setCursor: [(plot) => this.point(plot)], draw: [(plot) => this.mark(plot), (plot) => this.bars(plot)] },
      },
      tables.length ? window.uPlot.join(tables) : [[0], [null]],
      this.place,
    );
  }

  /** Dashed lines where something was decided. */
  mark(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = colour("warn");
    ctx.setLineDash([3, 3]);
    for (const { x } of this.given.marks ?? []) {
      const at = plot.valToPos(x, "x", true);
      if (at < bbox.left || at > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  /** The bands of single points, which uPlot leaves out. */
  bars(plot) {
    const { ctx } = plot;
    for (const [k, { x, low, high }] of this.given.lines.entries()) {
      if (x.length > 1 || !low || this.hidden.has(k)) continue;
      const [at, top, bottom] = [plot.valToPos(x[0], "x", true), plot.valToPos(high[0], "y", true), plot.valToPos(low[0], "y", true)];
      const width = 6 * devicePixelRatio;
      ctx.fillStyle = shade(colour(this.paint(k)));
      ctx.fillRect(at - width / 2, top, width, bottom - top);
    }
  }

  point(plot) {
    const { left } = plot.cursor;
    if (left === undefined || left < 0) {
      this.where.textContent = this.given.words;
      return;
    }
    const x = plot.posToVal(left, "x");
    const told = (line) => valueAt(line, x, this.given.log_x, this.log);
    const said = plot.series.slice(1).filter((s) => s.own).reverse().filter((s) => told(s.own) !== null).map((s) => `${s.label} ${number(told(s.own))}`);
    const close = (this.given.marks ?? []).filter((mark) => Math.abs(plot.valToPos(mark.x, "x") - left) < NEAR).map((mark) => mark.text);
    this.where.textContent = `${this.given.x} ${UPDATES.test(this.given.x) ? whole(x) : number(x)}: ${[...said.slice(0, 6), ...close].join(" · ")}`;
  }
}

/** A logarithmic axis. uPlot 1.6.32 has ticks of its own, which from some values on never end. */
const logarithmic = (most) => ({
  splits: (plot, _, low, high) => powers(low, high, most(plot)),
  filter: (_, ticks) => ticks,
  values: (_, ticks) => ticks.map((v) => number(v)),
});

const MULTIPLES = [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]; // of a power of ten

/** At most so many of the powers of ten, with multiples where these are few; the ends where there is none between. */
function powers(low, high, most) {
  for (let k = 0; ; k += 1) {
    const every = Math.max(1, k - 2);
    const found = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e += 1) {
      if (e % every === 0) found.push(...MULTIPLES[Math.min(k, 3)].map((digit) => Number(`${digit}e${e}`)));
    }
    const within = found.filter((tick) => tick >= low && tick <= high);
    if (within.length < 2) return [low, high];
    if (within.length <= most) return within;
  }
}

const padded = (low, high) => (low === high || low === null ? [Math.min(0, 2 * low), Math.max(0, 2 * high) || 1] : [low - 0.05 * (high - low), high + 0.05 * (high - low)]);

/** What a line is at some x: between two of its points, of which most were left out, what is drawn there. */
export function valueAt({ x, y }, at, logX, logY) {
  const points = x.map((v, k) => [v, y[k]]).filter(([, v]) => v !== null && !(logY && v <= 0));
  const k = points.findIndex(([v]) => v >= at);
  if (k < 0 || (k === 0 && points[0][0] > at)) return null;
  if (points[k][0] === at) return points[k][1];
  const [across, up] = [logX, logY].map((log) => (log ? Math.log : (v) => v));
  const [[x0, y0], [x1, y1]] = [points[k - 1], points[k]];
  const between = up(y0) + ((up(y1) - up(y0)) * (across(at) - across(x0))) / (across(x1) - across(x0));
  return logY ? Math.exp(between) : between;
}
