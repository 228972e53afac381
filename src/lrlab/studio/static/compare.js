/** Compare: begin a comparison, watch it, stop it, let it go on, read what it says. It trains in processes of its own. */

import { asked, events, got } from "./asking.js";
import { byId, make, number, say, sentence } from "./building.js";
import { facts, sections } from "./report.js";
import { Tree } from "./tree.js";

const SHOWN = 40; // losses of runs, the latest
const STATUS = { running: "running", stopped: "stopped", finished: "finished", failed: "failed" };
let watching = null;
let live = null;

const nameOf = () => new URLSearchParams(location.hash.slice(1)).get("job");
const wrong = (message) => byId("wrong").replaceChildren(...(message ? sentence(message) : []));

async function list() {
  byId("list").hidden = false;
  byId("one").hidden = true;
  const { tasks, jobs, example } = await got("comparisons");
  const arms = new URLSearchParams(location.hash.slice(1)).get("arms");
  if (arms) byId("arms").value = arms;
  if (!byId("task").options.length) byId("task").append(...tasks.map((task) => make("option", {}, task)));
  const row = (name, title, said) => make("li", {}, make("a", { href: `/compare#job=${name}` }, title), make("span", { class: "small muted" }, said));
  byId("jobs").replaceChildren(
    ...jobs.map((job) => row(job.name, job.title, `${STATUS[job.status]}, ${job.done} of ${job.total || "?"} runs, ${new Date(job.began * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}`)),
    row("example", example, "comes with lrlab: a finished one to look at"),
  );
}

async function show(name) {
  byId("list").hidden = true;
  byId("one").hidden = false;
  for (const id of ["live", "report"]) byId(id).replaceChildren();
  for (const id of ["lead", "status", "failed"]) byId(id).textContent = "";
  const { job, report } = await got(`comparison?name=${encodeURIComponent(name)}`);
  byId("title").textContent = report?.title ?? job.title;
  document.title = `${byId("title").textContent} · lrlab studio`;
  if (report) {
    byId("lead").textContent = report.lead;
    byId("report").replaceChildren(...sections(report), facts(report.facts));
  }
  standing(job);
  if (job) watch(name, job.status === "finished" && report);
}

function standing(job) {
  byId("stop").hidden = job?.status !== "running";
  byId("continue").hidden = !job || !["stopped", "failed"].includes(job.status);
  byId("progress").hidden = !job || job.status === "finished";
  byId("failed").textContent = job?.status === "failed" ? job.said : "";
  if (job && job.status !== "running" && job.status !== "finished") byId("status").textContent = `${job.status === "failed" ? "It failed" : "It was stopped"} after ${job.done} of ${job.total || "?"} runs. What is finished is kept.`;
}

/** Follow what happens until the page shows something else. @param {string} name @param {boolean} over only what was */
async function watch(name, over) {
  watching?.abort();
  const mine = new AbortController();
  watching = mine;
  live = new Live(over);
  let from = 0;
  while (!mine.signal.aborted) {
    try {
      for await (const { id, data } of events(`events?name=${name}`, from, mine.signal)) {
        from = id;
        if (mine.signal.aborted) return;
        live.take(data);
        if (data.kind === "finished") {
          mine.abort();
          if (over) return live.past();
          say("The comparison is finished.");
          return show(name);
        }
        if (data.kind === "stopped" || data.kind === "wrong") standing((await got(`comparison?name=${name}`)).job);
      }
    } catch {
      if (mine.signal.aborted) return;
    }
    await new Promise((done) => setTimeout(done, 1000)); // the studio was started again, or is gone for now
  }
}

/** What is seen while it trains: the runs filling up, the LRs, the losses. */
class Live {
  /** @param {boolean} over nothing is shown while it is read */
  constructor(over) {
    this.over = over;
    this.runs = new Map();
    this.arms = [];
    this.next = 0;
    this.rows = 0; // told so far
  }

  take(row) {
    this.rows += 1;
    if (row.kind === "began") this.begin(row);
    else if (row.kind === "widened") this.begin({ ...this.began, ...row });
    else if (row.kind === "run") this.run(row);
    else if (row.kind === "stage") this.tree?.stage(row);
    else if (row.kind === "failed") byId("failed").textContent = `${row.run}: ${row.cause}`;
  }

  begin(row) {
    this.began = row;
    this.arms = row.arms.map((arm) => arm.name);
    this.tree = row.tree ? new Tree(row, this.tree) : null; // those of before this version have none
    if (this.over) return;
    byId("title").textContent = row.title;
    byId("bar").max = row.total;
    const units = row.seeds.flatMap((seed) => row.folds.map((fold) => [seed, fold]));
    const cells = (arm, lr) => units.map(([seed, fold]) => make("span", { class: "cell", role: "img", "data-run": [arm, lr, seed, fold].join("|"), title: `seed ${seed}, fold ${fold}`, "aria-label": `${arm} at ${lr}, seed ${seed}, fold ${fold}: to come` }));
    const head = make("tr", {}, make("th", { scope: "col" }, "strategy"), ...row.lrs.map((lr) => make("th", { scope: "col" }, `LR × ${number(lr)}`)));
    const rows = row.arms.map((arm) => make("tr", {}, make("th", { scope: "row" }, arm.name, make("code", {}, arm.schedule)), ...row.lrs.map((lr) => make("td", {}, make("span", { class: "cells" }, ...cells(arm.name, lr))))));
    this.losses ??= make("div", { class: "report" });
    byId("live").replaceChildren(...[
      make("section", { class: "card stack" }, make("h2", {}, "Runs"), make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Table of the runs" }, make("table", { class: "runs" }, make("thead", {}, head), make("tbody", {}, ...rows)))),
      this.tree && this.stages(),
      this.losses,
    ].filter(Boolean));
    for (const run of this.runs.values()) this.mark(run);
    this.draw();
  }

  stages() {
    return make("section", { class: "card stack" }, make("h2", {}, "Stages"), make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Stage tree" }, this.tree.place));
  }

  /** It is finished: the tree stands below what it says. */
  past() {
    if (this.tree) byId("report").lastElementChild.before(this.stages());
  }

  run(row) {
    this.runs.set([row.arm, row.lr, row.seed, row.fold].join("|"), row);
    this.tree?.run(row);
    if (this.over) return;
    this.mark(row);
    byId("bar").max = row.total;
    byId("bar").value = this.runs.size;
    const left = row.left === null ? "" : `, ${row.left < 90 ? `${Math.ceil(row.left)} s` : `${Math.ceil(row.left / 60)} min`} left`;
    byId("status").textContent = `${this.runs.size} of ${row.total} runs${left}`;
    if (!this.next) {
      this.next = setTimeout(() => {
        this.next = 0;
        this.draw();
      }, 500);
    }
  }

  mark(row) {
    const cell = byId("live").querySelector(`[data-run="${CSS.escape([row.arm, row.lr, row.seed, row.fold].join("|"))}"]`);
    if (!cell) return;
    const said = row.outcome === "diverged" ? "diverged" : `${number(row.score)}${row.reused ? ", from before" : ""}`;
    const kind = row.outcome === "diverged" ? "diverged" : row.reused ? "reused" : "done";
    const told = (name) => cell.getAttribute(name).replace(/: .*$/, "");
    cell.replaceWith(make("a", { class: `cell ${kind}`, href: `/runs#key=${row.key}`, "data-run": cell.dataset.run, title: `${told("title")}: ${said}`, "aria-label": `${told("aria-label")}: ${said}` }));
  }

  draw() {
    const latest = [...this.runs.values()].filter((row) => row.loss.length > 1).slice(-SHOWN);
    const last = new Map(latest.map((row) => [row.arm, row]));
    const lines = this.arms.filter((arm) => last.has(arm)).map((arm) => {
      const { loss, lr, seed, fold } = last.get(arm);
      return { name: arm, x: loss.map(([u]) => u), y: loss.map(([, v]) => v), last: `LR × ${number(lr)}, seed ${seed}, fold ${fold}` };
    });
    const curves = this.began.arms.filter((arm) => arm.lr).map((arm) => ({ name: arm.name, x: arm.lr.map(([u]) => u), y: arm.lr.map(([, v]) => v), last: "" }));
    const log = lines.every((line) => line.y.every((v) => v === null || v > 0));
    const shown = [
      lines.length && { title: "Training loss of the latest runs", x: "update", y: "loss", log, note: "", words: "The latest run of each strategy; which one is best is said when all runs are there.", lines },
      curves.length && { title: "Learning rate", x: "update", y: "multiple of the LR that is tried", log: false, note: "", words: "What each strategy asks for, update by update.", lines: curves },
    ].filter(Boolean);
    this.losses.replaceChildren(...sections({ sections: shown.map((each) => ({ kind: "figure", ...each })) }));
  }
}

byId("begin").addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong("");
  const arms = byId("arms").value.split("\n").filter((line) => line.trim()).map((line) => {
    const [, name, schedule] = line.match(/^\s*([^=(]+?)\s*=\s*(.+?)\s*$/) ?? [null, line.trim(), line.trim()];
    return { name, schedule };
  });
  const count = (id) => (byId(id).value === "" ? null : Number(byId(id).value));
  try {
    const { name } = await asked("compare", { task: byId("task").value, arms, quick: byId("quick").checked, updates: count("runs-updates"), folds: count("folds") });
    location.hash = `job=${name}`;
  } catch (error) {
    wrong(error.message);
  }
});
const act = (path) => async () => {
  const name = nameOf();
  try {
    await asked(path, { name });
  } catch (error) {
    byId("failed").textContent = error.message;
    return;
  }
  if (path === "continue") show(name);
  else byId("status").textContent = "stopping: the runs in hand are left, what is finished is kept";
};
byId("stop").addEventListener("click", act("stop"));
byId("continue").addEventListener("click", act("continue"));

function route() {
  watching?.abort();
  const name = nameOf();
  const shown = name ? show(name) : list();
  shown.catch((error) => {
    if (!name) return wrong(error.message);
    byId("title").textContent = "This comparison is not here";
    byId("failed").replaceChildren(...sentence(error.message));
  });
}
addEventListener("hashchange", route);
route();

/** For tests: what came of a comparison while it was watched. */
window.lrlab = { get live() { return live; } };
