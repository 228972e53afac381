/** Choose: a schedule to begin with, and why; and which LRs suit a training. */

import { address } from "./address.js";
import { Latest, asked, got } from "./asking.js";
import { byId, make, say, sentence } from "./building.js";
import { picture } from "./gallery.js";
import { facts, sections } from "./report.js";

const OPEN = "open";
const RUN = 10_000;
const STATUS = { running: "running", finished: "finished", failed: "failed", stopped: "stopped before its end" };
let timer = 0;

const hash = () => new URLSearchParams(location.hash.slice(1));
const wrong = (message) => byId("wrong").replaceChildren(...(message ? sentence(message) : []));

const advising = new Latest(
  (answers) => asked("advise", answers),
  ({ shortlist, settle, sections: found }) => {
    byId("shortlist").replaceChildren(...shortlist.map(offer));
    byId("settle").href = `/compare#${new URLSearchParams({ arms: shortlist.map(({ name, schedule }) => `${name} = ${schedule}`).join("\n") })}`;
    byId("settle-command").replaceChildren("The comparison that would settle it: ", make("code", {}, settle));
    byId("reasons").replaceChildren(...sections({ sections: found.slice(1) }));
    say(`To begin with: ${shortlist[0].schedule}`);
  },
  (error) => wrong(error.message),
);

function offer({ name, schedule, beside, points, weight }, k) {
  return make("li", {}, make("a", { class: "word", href: `/compose#${address({ text: schedule, updates: RUN })}` }, picture(points), make("b", {}, k ? name : `${name} `, k ? "" : make("span", { class: "tagged" }, "advised")), make("code", {}, schedule), make("span", {}, [`${weight} points`, beside].filter(Boolean).join(", "))));
}

function answers() {
  return Object.fromEntries([...byId("questions").elements].filter((each) => each.name && each.value).map((each) => [each.name, each.value]));
}

function changed() {
  history.replaceState(null, "", `#${new URLSearchParams(answers())}`);
  advising.want(answers());
}

async function list() {
  byId("one").hidden = true;
  byId("list").hidden = false;
  const { questions, tasks, ranges } = await got("questions");
  const given = hash();
  byId("questions").replaceChildren(
    ...questions.map(({ name, asks, answers: those }) => make("div", { class: "field" }, make("label", { for: `q-${name}` }, asks), make("select", { id: `q-${name}`, name, onchange: changed }, make("option", { value: "" }, OPEN), ...Object.entries(those).map(([word, means]) => make("option", { value: word, selected: given.get(name) === word }, means))))),
    make("div", { class: "field" }, make("label", { for: "q-optimizer" }, "Which optimizer?"), make("input", { id: "q-optimizer", name: "optimizer", type: "text", placeholder: OPEN, value: given.get("optimizer") ?? "", onchange: changed, spellcheck: "false" })),
  );
  if (!byId("task").options.length) byId("task").append(...tasks.map((task) => make("option", {}, task)));
  byId("ranges").replaceChildren(...ranges.map(({ name, task, status }) => make("li", {}, make("a", { href: `/choose#range=${name}` }, `LRs for ${task}`), make("span", { class: "small muted" }, STATUS[status]))));
  await advising.want(answers());
}

/** A range test: what it has found, or that it is still trained. @param {string} name */
async function range(name) {
  byId("list").hidden = true;
  byId("one").hidden = false;
  const back = make("p", {}, make("a", { href: "/choose" }, "Choose"));
  byId("one").replaceChildren(back, make("h1", {}, "This range test is not here"));
  const found = await got(`range?name=${encodeURIComponent(name)}`);
  const title = make("h1", {}, found.report?.title ?? `LRs that suit ${found.task}`);
  if (found.report) byId("one").replaceChildren(back, title, make("p", { class: "lead words" }, found.report.lead), make("div", { class: "report" }, ...sections(found.report), facts(found.report.facts)));
  else byId("one").replaceChildren(back, title, found.said ? make("p", { class: "wrong", role: "alert" }, ...sentence(found.said)) : make("p", { class: "lead", role: "status" }, found.status === "running" ? "It is trained now: first a sweep, then short complete runs." : "It was stopped before its end. What is finished is kept: begun again, it goes on there."));
  if (found.status === "running") timer = setTimeout(route, 1000);
}

byId("questions").addEventListener("submit", (event) => event.preventDefault());
byId("find").addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong("");
  try {
    const { name } = await asked("find", { task: byId("task").value, updates: byId("updates").value === "" ? null : Number(byId("updates").value) });
    location.hash = `range=${name}`;
  } catch (error) {
    wrong(error.message);
  }
});

function route() {
  clearTimeout(timer);
  const name = hash().get("range");
  (name ? range(name) : list()).catch((error) => {
    if (!name) return wrong(error.message);
    byId("one").append(make("p", { class: "wrong", role: "alert" }, ...sentence(error.message)));
  });
}
addEventListener("hashchange", route);
route();
