/** Runs: everything in the store; one run with its loss, its LR and what its controllers decided. */

import { got } from "./asking.js";
import { byId, make, number, sentence, whole } from "./building.js";
import { sections, facts } from "./report.js";

const SHOWN = 500;
const COLUMNS = ["task", "arm", "lr", "seed", "fold", "updates", "metric", "score", "outcome"];
const HEADS = ["task", "strategy", "LR ×", "seed", "fold", "updates", "metric", "score", "outcome"];
let runs = [];

const wrong = (message) => byId("wrong").replaceChildren(...(message ? sentence(message) : []));
const address = () => new URLSearchParams(location.hash.slice(1));
const isNumber = (value) => typeof value === "number";

async function list() {
  byId("one").hidden = true;
  byId("list").hidden = false;
  const found = await got("runs");
  runs = found.runs;
  byId("search").value = address().get("q") ?? "";
  draw(found.store);
}

function draw(store) {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const those = runs.filter((run) => words.every((word) => COLUMNS.some((name) => String(run[name]).toLowerCase().includes(word))));
  byId("count").textContent = `${whole(those.length)} of ${whole(runs.length)} runs`;
  if (!runs.length) {
    byId("runs").replaceChildren(make("p", { class: "muted" }, `Nothing is stored${store ? ` in ${store}` : ""} yet. `, make("a", { href: "/compare" }, "Start a comparison"), ", and its runs stand here."));
    return;
  }
  const head = make("tr", {}, ...HEADS.map((name) => make("th", { scope: "col" }, name)));
  const rows = those.slice(0, SHOWN).map((run) =>
    make("tr", {}, ...COLUMNS.map((name, k) => {
      const text = isNumber(run[name]) ? (name === "score" || name === "lr" ? number(run[name]) : whole(run[name])) : run[name];
      return make("td", { class: isNumber(run[name]) ? "number" : "" }, k === 1 ? make("a", { href: `/runs#key=${run.key}` }, text) : name === "outcome" && text === "diverged" ? make("span", { class: "bad" }, text) : text);
    })),
  );
  byId("runs").replaceChildren(
    make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Stored runs" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))),
    those.length > SHOWN && make("p", { class: "small muted" }, `The first ${SHOWN}; search for others.`),
  );
}

async function one(key) {
  byId("list").hidden = true;
  byId("one").hidden = false;
  byId("one").replaceChildren(make("p", {}, make("a", { href: "/runs" }, "All runs")), make("h1", {}, "This run is not here"));
  const { report } = await got(`run?key=${encodeURIComponent(key)}`);
  byId("one").replaceChildren(make("p", {}, make("a", { href: "/runs" }, "All runs")), make("h1", {}, report.title), make("p", { class: "lead" }, report.lead), make("div", { class: "report" }, ...sections(report), facts(report.facts)));
}

byId("search").addEventListener("input", () => {
  const found = address();
  if (byId("search").value) found.set("q", byId("search").value);
  else found.delete("q");
  history.replaceState(null, "", `#${found}`);
  draw();
});

function route() {
  wrong("");
  const key = address().get("key");
  (key ? one(key) : list()).catch((error) => wrong(error.message));
}
addEventListener("hashchange", route);
route();
