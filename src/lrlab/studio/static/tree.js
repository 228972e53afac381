/** The stage tree of a comparison: what strategies have in common is trained once. It fills up as stages end. */

import { make, number, whole } from "./building.js";

const ROW = 14; // pixels for a run
const WIDTH = 640;
const GAP = 2;

const named = ([arm, lr]) => `${lr} × ${arm}`;
const spoken = (run) => run.split(/ × (.*)/s).slice(0, 2).reverse();

export class Tree {
  /** @param {any} began the beginning of a comparison: `tree` has the stages of one seed and fold @param {Tree} [before] with fewer LRs */
  constructor(began, before) {
    this.units = began.seeds.length * began.folds.length;
    this.updates = began.updates;
    this.nodes = began.tree.map((node) => ({ ...node, runs: node.runs.map(named), done: new Map() }));
    this.naive = before?.naive ?? 0;
    this.trained = before?.trained ?? 0;
    this.told = []; // of which stages it was told
    const leaves = this.nodes.filter((node) => node.stop >= this.updates).flatMap((node) => node.runs);
    this.rows = new Map([...this.order(leaves)].map((run, k) => [run, k]));
    this.place = this.build();
    for (const given of before?.told ?? []) this.cover(...given);
  }

  /** The runs, so that those with a stage in common are neighbours. @param {string[]} leaves */
  order(leaves) {
    const first = this.nodes.filter((node) => node.begin === 0);
    const below = (node) => {
      const next = this.nodes.filter((each) => each.begin === node.stop && each.runs.every((run) => node.runs.includes(run)));
      return next.length ? next.flatMap(below) : node.runs;
    };
    return new Set([...first.flatMap(below), ...leaves]);
  }

  build() {
    const height = this.rows.size * ROW;
    const x = (update) => (WIDTH * update) / this.updates;
    const picture = make("svg", { class: "tree", viewBox: `0 0 ${WIDTH} ${height}`, preserveAspectRatio: "none", height, "aria-hidden": "true" });
    for (const node of this.nodes) {
      const rows = node.runs.map((run) => this.rows.get(run));
      const [top, bottom] = [Math.min(...rows), Math.max(...rows) + 1];
      const box = { x: x(node.begin), y: top * ROW + GAP / 2, width: Math.max(1, x(node.stop) - x(node.begin) - 1), height: (bottom - top) * ROW - GAP };
      node.fill = make("rect", { ...box, width: 0, class: node.runs.length > 1 ? "shared" : "alone" });
      node.width = box.width;
      const of = node.runs.map((run) => spoken(run).join(" × ")).join(", ");
      picture.append(make("rect", { ...box, class: "stage" }, make("title", {}, `updates ${whole(node.begin)} to ${whole(node.stop - 1)}: ${of}`)), node.fill);
    }
    const names = [...this.rows.keys()].map(spoken).map(([arm, lr]) => make("li", {}, arm, make("span", { class: "muted" }, ` × ${number(Number(lr))}`)));
    this.said = make("p", { class: "small muted", "data-tree": "" });
    this.say();
    return make("div", {}, make("div", { class: "tree-rows" }, make("ul", { class: "tree-names" }, ...names), picture), this.said);
  }

  /** A stage has ended. @param {any} row */
  stage(row) {
    this.trained += row.stop - row.begin;
    this.naive += (row.stop - row.begin) * row.runs.length;
    this.cover(row.runs.map(named), row, row.begin, row.stop);
  }

  /** A run is there; what it came through is, too. @param {any} row */
  run(row) {
    this.cover([named([row.arm, row.lr])], row, 0, this.updates);
  }

  cover(runs, { seed, fold }, begin, stop) {
    this.told.push([runs, { seed, fold }, begin, stop]);
    const unit = `${seed}|${fold}`;
    for (const node of this.nodes) {
      if (!runs.some((run) => node.runs.includes(run))) continue;
      const reached = Math.min(stop, node.stop) - node.begin;
      if (begin < node.stop && reached > (node.done.get(unit) ?? 0)) {
        node.done.set(unit, reached);
        const all = [...node.done.values()].reduce((sum, n) => sum + n, 0);
        node.fill.setAttribute("width", String(node.width * Math.min(1, all / (this.units * (node.stop - node.begin)))));
      }
    }
    this.say();
  }

  say() {
    const once = this.nodes.reduce((sum, node) => sum + node.stop - node.begin, 0);
    const alone = this.updates * this.rows.size;
    const less = (part, full) => {
      const share = Math.round(100 * (1 - part / full));
      return `${whole(part)} updates instead of ${whole(full)}, ${share ? `${share} %` : "hardly any"} fewer`;
    };
    const all = this.naive >= this.units * alone; // what a controller has decided ends what strategies have in common
    const plan = all ? "" : `: ${less(this.units * once, this.units * alone)}`;
    const now = this.naive ? ` ${all ? "In all" : "So far"} that was ${less(this.trained, this.naive)}.` : "";
    this.said.textContent = `What strategies have in common is trained once${plan}.${now}`;
  }
}
