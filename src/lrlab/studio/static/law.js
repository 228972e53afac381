/** The loss that a law foresees, beside the curve: of the schedule, and of the pinned one. Python computes it. */

import { Latest, asked, packed } from "./asking.js";
import { byId, colour, number, sentence, sentences } from "./building.js";
import { short } from "./chart.js";
import { chosen, dropped } from "./files.js";

const KEPT = "lrlab-law"; // the law that was fitted last, for this browser
const HEIGHT = 200;

/** The law of this browser: its text, what it was fitted to, its run and its LR; or null. */
export function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "null");
  } catch {
    return null;
  }
}

/** @param {any} law */
export function keep(law) {
  if (law) localStorage.setItem(KEPT, JSON.stringify(law));
  else localStorage.removeItem(KEPT);
}

export class Law {
  /** @param {{loaded: (law: any) => void}} told what is called once a law was fitted, with its run and its LR */
  constructor(told) {
    Object.assign(this, { told, law: kept(), columns: [], sentence: "", latest: 0, first: byId("law-said").textContent });
    this.asking = new Latest(
      (request) => packed("beside", request),
      (found, request) => this.draw(found, request),
      (error) => this.wrong(error.message),
    );
    byId("law-logs").addEventListener("change", () => this.read(chosen(byId("law-logs"))));
    byId("law-example").addEventListener("click", () => this.example());
    byId("law-away").addEventListener("click", () => this.take(null));
    let files = [];
    dropped(byId("law"), (file) => {
      if (!files.length) setTimeout(() => this.read(files.splice(0)), 50); // those that were dropped together
      files.push(file);
    }, (error) => this.wrong(error.message));
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(byId("law-plot"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.build());
    this.stand();
  }

  /** Fit a law to files. @param {any[]|Promise<any[]>} files */
  async read(files) {
    this.wrong("");
    try {
      const read = await files;
      byId("law-said").textContent = `Reading ${read.map((file) => file.name).join(", ")} ...`;
      const found = await asked("fit", { files: read });
      if (!found.law) throw new Error(found.report.lead);
      this.take({ law: found.law, told: `fitted to ${read.map((file) => file.name).join(", ")}`, updates: found.updates, lr: found.lr });
    } catch (error) {
      this.stand();
      this.wrong(error.message);
    }
  }

  async example() {
    this.wrong("");
    try {
      this.take(await (await fetch("/static/law.json")).json());
    } catch {
      this.wrong("the studio does not answer");
    }
  }

  take(law) {
    this.law = law;
    keep(law);
    this.stand();
    if (law) this.told.loaded(law);
  }

  /** What stands on the card: with a law, or without. */
  stand() {
    byId("law-away").hidden = !this.law;
    byId("law-shown").hidden = !this.law || !this.columns.length;
    if (this.law) byId("law-said").textContent = `A law ${this.law.told}: at most ${short(this.law.updates)} updates, an LR of ${number(this.law.lr)}.${this.columns.length ? "" : " It is asked ..."}`;
    else byId("law-said").textContent = this.first;
  }

  wrong(message) {
    byId("law-wrong").replaceChildren(...(message ? sentence(message) : []));
  }

  /** @param {any} request as Compose makes it @param {string|null} pinned @param {boolean} quick */
  async want(request, pinned, quick) {
    const mine = (this.latest += 1);
    if (!this.law) return;
    if (!request.lr) {
      this.columns = [];
      this.stand();
      this.wrong("A law knows learning rates, not multiples of one: give a base LR.");
      return;
    }
    const asked_ = { ...request, law: this.law.law, pinned: pinned ?? "" };
    await this.asking.want({ ...asked_, quick: true });
    if (!quick && pinned && mine === this.latest) await this.asking.want({ ...asked_, quick: false }); // takes longer
  }

  draw(found, request) {
    if (!this.law) return;
    this.wrong("");
    const pairs = found.columns.length > 4;
    this.updates = request.horizon.updates;
    const rebuild = !this.plot || pairs !== this.pairs || byId("law-shown").hidden;
    this.pairs = pairs;
    const [x, y, low, high, ...other] = found.columns;
    this.columns = [x, ...(pairs ? [other[2], other[1], other[0]] : []), high, low, y];
    this.sentence = found.sentence;
    this.stand();
    byId("law-ends").textContent = found.sentence;
    byId("law-doubts").textContent = sentences(found.warnings);
    if (rebuild) this.build();
    else this.plot.setData(this.columns);
  }

  size() {
    return { width: Math.max(260, byId("law-plot").clientWidth), height: HEIGHT };
  }

  build() {
    this.plot?.destroy();
    if (!this.columns.length) return;
    const grid = { stroke: colour("grid"), width: 1 };
    const axis = { stroke: colour("muted"), grid, ticks: { ...grid, size: 4 }, font: "12px Inter, system-ui, sans-serif" };
    const edge = { stroke: "transparent", width: 0, points: { show: false } };
    const line = (paint, dash) => ({ stroke: colour(paint), width: dash ? 1.5 : 2, dash, pxAlign: 0, points: { show: false } });
    const three = (paint, dash) => [{ ...edge }, { ...edge }, line(paint, dash)];
    const band = (at, paint) => ({ series: [at, at + 1], fill: `color-mix(in srgb, ${colour(paint)} 16%, transparent)` });
    this.plot = new window.uPlot(
      {
        ...this.size(), pxAlign: 0, padding: [8, 34, 0, 0], legend: { show: false },
        cursor: { y: false, sync: { key: "updates", setSeries: false }, drag: { setScale: false, x: false, y: false }, points: { show: false } },
        bands: this.pairs ? [band(1, "series-6"), band(4, "series-0")] : [band(1, "series-0")],
        scales: { x: { time: false, range: () => [0, this.updates] } },
        axes: [{ ...axis, values: (_, ticks) => ticks.map(short), size: 36, space: 70 }, { ...axis, values: (_, ticks) => ticks.map(number), size: 58, space: 36 }],
        series: [{}, ...(this.pairs ? three("series-6", [6, 4]) : []), ...three("series-0")],
      },
      this.columns,
      byId("law-plot"),
    );
  }
}
