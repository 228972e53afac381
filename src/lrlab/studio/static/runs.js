/** Runs: everything in the store, searched, tagged, beside each other, exported, pruned; and one run by itself. */

import { asked, got } from "./asking.js";
import { byId, make, number, say, sentence, whole } from "./building.js";
import { keep } from "./files.js";
import { sections, facts } from "./report.js";

const SHOWN = 500;
const SEVERAL = 7; // runs beside each other
const COLUMNS = { task: "task", arm: "strategy", lr: "LR ×", seed: "seed", fold: "fold", updates: "updates", metric: "metric", score: "score", outcome: "outcome", tags: "tags" };
let runs = [];
let store = "";
let order = { name: "task", down: false };
const chosen = new Set();

const wrong = (message) => byId("wrong").replaceChildren(...(message ? sentence(message) : []));
const acted = (message) => byId("acted").replaceChildren(...(message ? sentence(message) : []));
const address = () => new URLSearchParams(location.hash.slice(1));
const isNumber = (value) => typeof value === "number";
const NUMBERS = new Set(["lr", "seed", "fold", "updates", "score"]);
const alignment = (name) => (NUMBERS.has(name) ? "number" : "");

async function list() {
  byId("one").hidden = true;
  byId("list").hidden = false;
  const found = await got("runs");
  store = found.store;
  runs = found.runs.map((run) => ({ ...run, tags: (found.tags[run.key] ?? []).join(", ") }));
  for (const key of chosen) if (!runs.some((run) => run.key === key)) chosen.delete(key);
  byId("search").value = address().get("q") ?? "";
  byId("chosen").hidden = byId("pruning").hidden = !runs.length && !found.states.count;
  draw();
}

/** The runs that the search leaves, in their order. */
function those() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = runs.filter((run) => words.every((word) => Object.keys(COLUMNS).some((name) => String(run[name]).toLowerCase().includes(word))));
  const sign = order.down ? -1 : 1;
  const next = ["task", "arm", "lr", "updates", "seed", "fold"]; // where a column says the same
  const compare = (a, b) => (isNumber(a) && isNumber(b) ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
  const apart = (a, b) => next.reduce((way, name) => way || compare(a[name], b[name]), 0);
  return found.sort((a, b) => sign * compare(a[order.name], b[order.name]) || apart(a, b));
}

function draw() {
  const found = those();
  byId("count").textContent = `${whole(found.length)} of ${whole(runs.length)} runs`;
  byId("words").replaceChildren(...[...new Set(runs.flatMap((run) => run.tags.split(", ").filter(Boolean)))].sort().map((word) => make("option", { value: word })));
  act();
  if (!runs.length) {
    byId("runs").replaceChildren(make("p", { class: "muted" }, `Nothing is stored in ${store} yet. `, make("a", { href: "/compare" }, "Start a comparison"), ", and its runs stand here."));
    return;
  }
  const shown = found.slice(0, SHOWN);
  const all = make("input", { type: "checkbox", "aria-label": "Choose all that are shown", onchange: (event) => choose(shown.map((run) => run.key), event.target.checked) });
  all.checked = shown.length > 0 && shown.every((run) => chosen.has(run.key));
  const head = make("tr", {}, make("td", { class: "pick" }, all), ...Object.entries(COLUMNS).map(([name, title]) => column(name, title)));
  byId("runs").replaceChildren(
    make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Table of the runs" }, make("table", { class: "stored" }, make("thead", {}, head), make("tbody", {}, ...shown.map(row)))),
    found.length > SHOWN ? make("p", { class: "small muted" }, `The first ${SHOWN}; search for others.`) : "",
  );
}

function column(name, title) {
  const sorted = order.name === name;
  const sort = () => {
    order = { name, down: sorted && !order.down };
    draw();
    byId("runs").querySelector(`[data-column="${name}"]`).focus();
  };
  const button = make("button", { type: "button", class: "sort", "data-column": name, onclick: sort }, title, sorted ? (order.down ? " ↓" : " ↑") : "");
  return make("th", { scope: "col", class: alignment(name), "aria-sort": sorted ? (order.down ? "descending" : "ascending") : null }, button);
}

function row(run) {
  const box = make("input", { type: "checkbox", "aria-label": `Choose ${run.arm} at ${run.lr}, seed ${run.seed}, fold ${run.fold}`, onchange: (event) => choose([run.key], event.target.checked) });
  box.checked = chosen.has(run.key);
  return make("tr", {}, make("td", { class: "pick" }, box), ...Object.keys(COLUMNS).map((name) => make("td", { class: alignment(name) }, cell(run, name))));
}

function cell(run, name) {
  const value = run[name];
  const text = isNumber(value) ? (name === "score" || name === "lr" ? number(value) : whole(value)) : String(value ?? "");
  if (name === "arm") return make("a", { href: `/runs#key=${run.key}` }, text);
  if (name === "outcome" && text === "diverged") return make("span", { class: "bad" }, text);
  if (name === "tags") return make("span", {}, ...text.split(", ").filter(Boolean).map((word) => make("span", { class: "tagged" }, word)));
  return text;
}

function choose(keys, on) {
  for (const key of keys) {
    if (on) chosen.add(key);
    else chosen.delete(key);
  }
  if (keys.length > 1) draw();
  else act();
}

/** What can be done with the chosen ones. */
function act() {
  const many = chosen.size;
  byId("chosen-count").textContent = many ? `${whole(many)} chosen` : "None chosen";
  byId("beside").disabled = many < 2 || many > SEVERAL;
  byId("beside").title = many > SEVERAL ? `at most ${SEVERAL}` : many < 2 ? "choose two or more" : "";
  byId("tag").disabled = byId("untag").disabled = !many || !byId("word").value.trim();
}

async function tagged(on) {
  acted("");
  try {
    const { tags } = await asked("tag", { keys: [...chosen], word: byId("word").value, on });
    runs = runs.map((run) => ({ ...run, tags: (tags[run.key] ?? []).join(", ") }));
    say(on ? "Tagged" : "The tag is taken away");
    draw();
  } catch (error) {
    acted(error.message);
  }
}

async function exported(form) {
  acted("");
  try {
    const keys = chosen.size ? [...chosen] : those().map((run) => run.key);
    const { text, name } = await asked("export", { keys, form });
    keep(new Blob([text], { type: form === "csv" ? "text/csv" : "application/json" }), name);
  } catch (error) {
    acted(error.message);
  }
}

async function pruned(dry) {
  try {
    const { sentence: said, states, runs: old } = await asked("prune", { days: byId("days").value === "" ? null : Number(byId("days").value), dry });
    byId("pruned").textContent = said;
    byId("delete").disabled = !dry || !(states || old);
    if (!dry) list();
  } catch (error) {
    byId("pruned").replaceChildren(...sentence(error.message));
  }
}

async function report(missing, ask) {
  byId("list").hidden = true;
  byId("one").hidden = false;
  const back = make("p", {}, make("a", { href: "/runs" }, "All runs"));
  byId("one").replaceChildren(back, make("h1", {}, missing));
  const { report: found, marks } = await ask();
  for (const section of found.sections) if (section.kind === "figure") section.marks = marks;
  byId("one").replaceChildren(back, make("h1", {}, found.title), make("p", { class: "lead" }, found.lead), make("div", { class: "report" }, ...sections(found), facts(found.facts)));
}

byId("search").addEventListener("input", () => {
  const found = address();
  if (byId("search").value) found.set("q", byId("search").value);
  else found.delete("q");
  history.replaceState(null, "", `#${found}`);
  draw();
});
byId("word").addEventListener("input", act);
byId("chosen").addEventListener("submit", (event) => {
  event.preventDefault();
  tagged(true);
});
byId("untag").addEventListener("click", () => tagged(false));
byId("beside").addEventListener("click", () => { location.hash = `beside=${[...chosen].join(",")}`; });
for (const form of ["csv", "json"]) byId(form).addEventListener("click", () => exported(form));
byId("prune").addEventListener("submit", (event) => {
  event.preventDefault();
  pruned(true);
});
byId("days").addEventListener("input", () => { byId("delete").disabled = true; });
byId("delete").addEventListener("click", () => pruned(false));

function route() {
  wrong("");
  const [key, several] = [address().get("key"), address().get("beside")];
  const shown = key
    ? report("This run is not here", () => got(`run?key=${encodeURIComponent(key)}`))
    : several
      ? report("These runs are not here", () => asked("side", { keys: several.split(",") }))
      : list();
  shown.catch((error) => wrong(error.message));
}
addEventListener("hashchange", route);
route();
