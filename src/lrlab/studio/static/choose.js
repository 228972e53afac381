/** Choose: a schedule to begin with, and why; which LRs suit a training; or both, found by training it. */

import { address } from "./address.js";
import { Latest, asked, got } from "./asking.js";
import { byId, command, make, say, sentence } from "./building.js";
import { picture } from "./gallery.js";
import { facts, sections } from "./report.js";

const OPEN = "open";
const RUN = 10_000;
const STATUS = { running: "running", finished: "finished", failed: "failed", refused: "not possible", stopped: "stopped before its end" };
const KIND = { find: (task) => `LRs that suit ${task}`, auto: (task) => `A schedule for ${task}` };
const NOW = {
  find: "It is trained now: first a sweep, then short complete runs. It goes on when this page is closed.",
  auto: "It is trained now: a range test, a screening of the advised schedules, and the verdict. It goes on when this page is closed.",
  stopped: "It was stopped before its end. What is finished is kept: it goes on from there.",
  failed: "It came to no answer. What is finished is kept.",
  refused: "What was asked for is not possible.",
};
let timer = 0;

const hash = () => new URLSearchParams(location.hash.slice(1));
const wrong = (message) => byId("wrong").replaceChildren(...(message ? sentence(message) : []));

const advising = new Latest(
  (answers) => asked("advise", answers),
  ({ shortlist, settle, sections: found }) => {
    byId("shortlist").replaceChildren(...shortlist.map(offer));
    byId("settle").href = `/compare#${new URLSearchParams({ arms: shortlist.map(({ name, arm }) => `${name} = ${arm}`).join("\n") })}`;
    byId("settle-command").replaceChildren("The comparison that would settle it: ", make("code", {}, ...command(settle)));
    byId("reasons").replaceChildren(...sections({ sections: found.slice(1).map((table, k) => (k ? table : { ...table, title: "Why" })) }));
    say(`To begin with: ${shortlist[0].schedule}`);
  },
  (error) => wrong(error.message),
);

function offer({ name, schedule, beside, points, weight }, k) {
  return make("li", {}, make("a", { class: "word", href: `/compose#${address({ text: schedule, updates: RUN })}` }, picture(points), make("b", {}, k ? name : `${name} `, k ? "" : make("span", { class: "tagged" }, "advised")), make("code", {}, schedule), make("span", {}, [`${weight} point${weight === 1 ? "" : "s"}`, beside].filter(Boolean).join(", "))));
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
  const [{ questions, tasks, frameworks }, { choices }] = await Promise.all([got("questions"), got("choices")]);
  if (hash().has("choice")) return; // another page is shown since
  const given = hash();
  byId("questions").replaceChildren(
    ...questions.map(({ name, asks, answers: those }) => make("div", { class: "field" }, make("label", { for: `q-${name}` }, asks), make("select", { id: `q-${name}`, name, onchange: changed }, make("option", { value: "" }, OPEN), ...Object.entries(those).map(([word, means]) => make("option", { value: word, selected: given.get(name) === word }, means))))),
    make("div", { class: "field" }, make("label", { for: "q-optimizer" }, "Which optimizer?"), make("input", { id: "q-optimizer", name: "optimizer", type: "text", placeholder: OPEN, value: given.get("optimizer") ?? "", onchange: changed, spellcheck: "false" })),
  );
  for (const [id, those] of [["task", tasks], ["framework", frameworks]]) if (!byId(id).options.length) byId(id).append(...those.map((each) => make("option", {}, each)));
  byId("choices").replaceChildren(...choices.map(({ name, kind, task, status }) => make("li", {}, make("a", { href: `/choose#choice=${name}` }, KIND[kind](task)), make("span", { class: "small muted" }, STATUS[status]))));
  if (!choices.length) byId("choices").append(make("li", { class: "small muted" }, "Nothing yet. What you begin trains in a process of its own, and its answer stands here."));
  await advising.want(answers());
}

/** A choice by training: what it has found, or how far it has come. @param {string} name */
async function choice(name) {
  byId("list").hidden = true;
  byId("one").hidden = false;
  const found = await got(`choice?name=${encodeURIComponent(name)}`);
  if (hash().get("choice") !== name) return; // another page is shown since
  const { kind, task, status, parts, report, said } = found;
  byId("title").textContent = report?.title ?? KIND[kind](task);
  document.title = `${byId("title").textContent} · lrlab studio`;
  byId("stop").hidden = status !== "running";
  byId("continue").hidden = status !== "stopped" && status !== "failed";
  byId("standing").textContent = status === "running" ? NOW[kind] : NOW[status] ?? "";
  byId("failed").replaceChildren(...(said ? sentence(said) : []));
  byId("parts").replaceChildren(...(report ? [] : parts.map(part)));
  if (status === "running") timer = setTimeout(route, 1000);
  if (!report || byId("report").dataset.of === name) return;
  byId("report").dataset.of = name;
  byId("open").hidden = found.lr === null;
  byId("open").href = `/compose#${address({ text: found.schedule, updates: found.updates, lr: found.lr })}`;
  byId("answer").textContent = report.lead;
  byId("report").replaceChildren(...sections(report), facts(report.facts));
  say(report.lead);
}

function part({ text, done, total, left }) {
  const ends = left === null || done === total ? "" : `, ${left < 90 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`} left`;
  return make("li", {}, make("span", {}, text), make("progress", { max: total, value: done, "aria-label": text }), make("span", { class: "small muted" }, `${done} of ${total}${ends}`));
}

/** Nothing of the one that was shown before. */
function cleared() {
  for (const id of ["title", "standing", "failed", "parts", "answer", "report"]) byId(id).replaceChildren();
  for (const id of ["stop", "continue", "open"]) byId(id).hidden = true;
  delete byId("report").dataset.of;
}

byId("questions").addEventListener("submit", (event) => event.preventDefault());
byId("train").addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong("");
  const of = (id) => byId(id).value.trim();
  const kind = event.submitter?.value ?? "auto";
  const own = kind === "find" ? { budget: of("budget") } : { budget: of("budget") || "20", framework: of("framework"), answers: answers() };
  try {
    const { name } = await asked(kind, { task: of("task"), updates: of("updates") ? Number(of("updates")) : null, ...own });
    location.hash = `choice=${name}`;
  } catch (error) {
    wrong(error.message);
  }
});
const act = (path, words) => async () => {
  byId("standing").textContent = words;
  try {
    await asked(path, { name: hash().get("choice") });
  } catch (error) {
    return byId("failed").replaceChildren(...sentence(error.message));
  }
  if (path === "resume") route();
};
byId("stop").addEventListener("click", act("halt", "It is stopping: the runs in hand are left, what is finished is kept."));
byId("continue").addEventListener("click", act("resume", "It goes on."));

function route() {
  clearTimeout(timer);
  const name = hash().get("choice");
  (name ? choice(name) : list()).catch((error) => {
    if (!name) return wrong(error.message);
    byId("title").textContent = "This choice is not here";
    byId("failed").replaceChildren(...sentence(error.message));
  });
}
addEventListener("hashchange", () => { cleared(); route(); });
route();
