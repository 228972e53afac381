/** Compose: a text and its picture, two views of one value. The server computes both. */

import { Latest, asked, packed } from "./asking.js";
import { address, stateOf } from "./address.js";
import { byId, later, make, painted, say, sentence, whole as count } from "./building.js";
import { Chart } from "./chart.js";
import { gallery } from "./gallery.js";
import { Handles } from "./handles.js";
import { Law } from "./law.js";
import { Past } from "./past.js";
import { Plan } from "./plan.js";
import { dropped, saved } from "./files.js";

const FIRST = { text: 'warmup("5%") >> cosine(to=0.1)', updates: 10000 };
const FIELDS = ["updates", "epoch", "lr", "decay", "samples", "tokens"];
const MOST = 5; // lines beside the schedule

/** @type {any} */
let state = { ...FIRST, epoch: null, lr: null, decay: null, samples: null, tokens: null, log: false, ghost: null, overlays: [], plan: null, track: 0 };
let found = null; // what the server last said of it
let began = null; // the state at the beginning of a gesture
const beside = new Map(); // curves beside it, by text

const chart = new Chart(byId("plot"));
const past = new Past(() => {
  byId("undo").disabled = !past.before.length;
  byId("redo").disabled = !past.after.length;
});
const handles = new Handles(chart, {
  begin: () => { began = { ...state }; },
  gesture: (given) => gestures.want({ ...request(began), gesture: given, quick: true }),
  end: () => gestures.idle.then(kept).then(settled),
  once,
  mode: () => (byId("mode-lift").getAttribute("aria-checked") === "true" ? "lift" : "bend"),
  said: (text) => { byId("where").textContent = text || hint(); },
});

const law = new Law({ loaded: ({ updates, lr }) => take(state.lr ? { updates } : { updates, lr }) });

const hint = () => (!found ? "There is no picture of this text yet." : found.fixed ? found.fixed.split("\n")[0] : "Drag a point, or a line. Double-click a line for a border.");

/** What the server is told of a state. */
function request(from) {
  const horizon = { updates: from.updates };
  if (from.epoch) horizon.updates_per_epoch = from.epoch;
  if (from.samples) horizon.samples_per_update = from.samples;
  if (from.tokens) horizon.tokens_per_update = from.tokens;
  const hyper = plan.shaped(from)?.hyper ?? "lr";
  const lr = hyper === "lr" ? from.lr : null; // other values are themselves, or multiples
  return { text: from.text, horizon, lr, decay: from.decay, log: from.log, hyper };
}

const plan = new Plan({ state: () => state, request: (from) => request(from), taken: (change) => take(change) });

/** The plan with the schedule as it is now. */
async function planned() {
  const of = state;
  try {
    const found = await plan.refresh(of);
    if (of === state) state = found;
    remember();
  } catch (error) {
    wrong(error.message);
  }
}

/** The loss, where it is the LR of every group that is shaped. @param {boolean} quick */
function foresee(quick) {
  const shaped = plan.shaped(state);
  return !shaped || (shaped.hyper === "lr" && shaped.groups === "*") ? law.want(request(state), state.ghost, quick) : null;
}

/** What the axis of levels shows. @param {boolean} absolute */
function unit(absolute) {
  const shaped = plan.shaped(state);
  if (!shaped || shaped.hyper === "lr") return absolute ? "learning rate" : "multiple of the base LR";
  return shaped.multiple ? `${shaped.hyper}: multiple of the group's own` : shaped.hyper;
}

const gestures = new Latest(
  (given) => packed("gesture", given),
  (answer) => {
    state = { ...state, text: answer.text, updates: answer.updates };
    byId("text").value = answer.text;
    byId("updates").value = answer.updates;
    wrong("");
    draw(answer);
    handles.moving(answer);
    foresee(true);
  },
  (error) => wrong(error.message),
);

const pictures = new Latest(
  (given) => packed("compose", given),
  (answer) => {
    if (began) return; // of before the gesture that is made
    wrong("");
    draw(answer);
    phases(answer);
    describe(answer);
  },
  (error) => {
    wrong(error.message);
    byId("plot").classList.add("stale");
    if (!found) byId("where").textContent = hint();
  },
);

let step = Promise.resolve(); // the last of what is made at once, or taken back
let steps = 0;

/** A gesture that is made at once, from what the one before it has made: none is left out. @param {() => any} make */
function once(make) {
  const mine = (steps += 1);
  step = step.then(async () => {
    const given = make();
    if (given) {
      began = { ...state };
      await gestures.want({ ...request(began), gesture: given, quick: true });
      kept();
    }
    if (mine === steps) settled();
  });
}

/** A gesture is over: it can be undone. */
function kept() {
  chart.freeze(false);
  if (began && (began.text !== state.text || began.updates !== state.updates)) past.keep(began);
  began = null;
}

/** The gestures are over: their meaning is told, once the curve is on the screen. */
async function settled() {
  await painted();
  await refresh();
  if (found?.words) say([found.words.split("\n").slice(1).join(". ") || found.words, law.law ? law.sentence : ""].join(" "));
}

/** Show the state as it is. */
async function refresh() {
  remember();
  await pictures.want({ ...request(state), quick: false });
  if (!byId("wrong").textContent) await planned();
  await Promise.all([code(), byId("wrong").textContent ? null : foresee(false)]);
}

function draw(answer) {
  found = { ...found, ...answer, floor: floorOf(answer) };
  byId("plot").classList.remove("stale");
  byId("composing").removeAttribute("data-empty");
  const [x, y] = answer.columns;
  const own = [{ x, y, paint: "series-0" }];
  const others = lines().map((text, k) => ({ ...beside.get(text), paint: paint(k), dash: k === 0 && state.ghost ? [6, 4] : undefined }));
  chart.show([...own, ...others.filter((line) => line.x)], answer.updates, state.log);
  handles.show(found);
  byId("y-label").textContent = unit(answer.absolute);
  if (!handles.held) byId("where").textContent = hint();
}

const floorOf = (answer) => answer.floor ?? 0;

/** The texts beside the schedule: the pinned one first. */
const lines = () => [...(state.ghost ? [state.ghost] : []), ...state.overlays].slice(0, MOST);
const paint = (k) => (state.ghost ? (k === 0 ? "series-6" : `series-${k}`) : `series-${k + 1}`);

async function fetchBeside() {
  for (const text of lines()) {
    const key = JSON.stringify(request({ ...state, text }));
    if (beside.get(text)?.key === key) continue;
    try {
      const { columns } = await packed("compose", { ...request({ ...state, text }), quick: true });
      beside.set(text, { x: columns[0], y: columns[1], key });
    } catch (error) {
      beside.set(text, { wrong: error.message, key });
    }
  }
  if (found) draw(found);
  chips();
}

function chips() {
  const forget = (change) => () => { state = { ...state, ...change() }; fetchBeside(); refresh(); };
  byId("chips").replaceChildren(
    ...lines().map((text, k) => {
      const pinned = k === 0 && state.ghost;
      const chip = make("span", { class: "chip" }, make("span", { class: "name mono", title: text }, (pinned ? "pinned: " : "") + text));
      const doubt = beside.get(text)?.wrong;
      if (doubt) chip.append(make("span", { class: "warn", title: doubt }, `not drawn: ${doubt.split("\n")[0]}`));
      chip.style.setProperty("--paint", `var(--${paint(k)})`);
      chip.style.setProperty("--dash", pinned ? "dashed" : "solid");
      const away = pinned ? () => ({ ghost: null }) : () => ({ overlays: state.overlays.filter((other) => other !== text) });
      chip.append(
        make("button", { type: "button", "aria-label": `Take up ${text}`, title: "Take it up", onclick: () => take({ text }) }, "↖"),
        make("button", { type: "button", "aria-label": `Remove ${text}`, title: "Remove", onclick: forget(away) }, "×"),
      );
      return chip;
    }),
  );
}

function phases(answer) {
  const rows = answer.segments.map((segment) => {
    const select = segment.word && make(
      "select",
      { "aria-label": `Shape of phase ${segment.number + 1}`, onchange: (event) => once(() => ({ kind: "shape", segment: segment.number, word: event.target.value })) },
      ...[...new Set([segment.word, ...(handles.shapes ?? [])])].map((word) => make("option", { value: word, selected: word === segment.word }, word)),
    );
    return make(
      "tr", {},
      make("td", {}, select || make("code", {}, segment.text)),
      make("td", { class: "number" }, count(segment.start)),
      make("td", { class: "number" }, count(Math.max(segment.stop - 1, segment.start))),
      make("td", {}, segment.sentence.replace(/, updates.*$/, "")),
    );
  });
  if (!byId("phases").contains(document.activeElement)) byId("phases").replaceChildren(...rows);
}

function describe(answer) {
  byId("words").textContent = answer.words.split("\n").slice(answer.words.includes("\n") ? 1 : 0).map((line) => line.trim()).join("\n");
  byId("findings").replaceChildren(
    ...answer.findings.map((each) => make("li", {}, each.message, each.hint && " ", each.hint && make("code", {}, each.hint))),
  );
  byId("findings").hidden = !answer.findings.length;
  byId("numbers").replaceChildren(
    ...answer.numbers.flatMap(([name, value, meaning]) => [make("dt", {}, name, make("small", {}, meaning)), make("dd", {}, value)]),
  );
  byId("text").setAttribute("aria-invalid", "false");
}

function wrong(message) {
  byId("wrong").replaceChildren(...(message ? sentence(message) : []));
  byId("text").setAttribute("aria-invalid", String(Boolean(message)));
}

/** What is told of the whole: the schedule and the plan that it is in. */
const whole = () => ({ ...request(state), plan: state.plan ?? "" });

async function code() {
  try {
    byId("code").textContent = (await asked("code", { ...whole(), target: byId("target").value })).code;
    byId("copy").disabled = false;
  } catch (error) {
    byId("code").textContent = byId("wrong").textContent ? "" : error.message;
    byId("copy").disabled = true;
  }
}

function remember() {
  history.replaceState(null, "", `#${address(state)}`);
}

/** Another state, which can be undone. @param {any} change */
function take(change) {
  past.keep({ ...state });
  state = { ...state, ...change };
  fill();
  fetchBeside();
  return refresh();
}

function fill() {
  byId("text").value = state.text;
  for (const name of FIELDS) byId(name).value = state[name] ?? "";
  byId("log").setAttribute("aria-pressed", String(state.log));
  if (state.samples || state.tokens) byId("batch").open = true;
}

function back(way) {
  step = step.then(() => {
    const before = past[way]({ ...state });
    if (!before) return;
    state = { ...before, log: state.log, ghost: state.ghost, overlays: state.overlays };
    fill();
    plan.open(state).then(refresh).then(() => say(`${way === "undo" ? "Taken back" : "Done again"}: ${state.text}`));
  });
}

// -- what the page does -----------------------------------------------------------------------------------------------

let typed = null; // the state before somebody began to type
const look = () => pictures.want({ ...request({ ...state, text: byId("text").value }), quick: false }).then(() => {
  if (!byId("wrong").textContent) {
    state = { ...state, text: byId("text").value };
    remember();
    code();
    foresee(false);
    if (state.plan) planned();
  }
});
const typing = later(look, 120);
byId("text").addEventListener("focus", () => { typed = { ...state }; });
byId("text").addEventListener("input", () => { byId("read").textContent = ""; typing(); });
byId("text").addEventListener("change", async () => {
  const text = byId("text").value;
  await look();
  if (byId("wrong").textContent && text.trim()) await taken(text);
  if (typed && typed.text !== state.text) past.keep(typed);
  typed = { ...state };
});
for (const name of FIELDS) {
  byId(name).addEventListener("change", () => {
    const value = Number(byId(name).value);
    if (name === "updates" && !(value >= 1)) byId(name).value = state.updates;
    else take({ [name]: byId(name).value === "" || !(value > 0) ? null : value });
  });
}
byId("undo").addEventListener("click", () => back("undo"));
byId("redo").addEventListener("click", () => back("redo"));
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || /^(TEXTAREA|INPUT)$/.test(event.target.tagName)) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  back(key === "y" || event.shiftKey ? "redo" : "undo");
});
byId("log").addEventListener("click", () => {
  state = { ...state, log: !state.log };
  fill();
  fetchBeside();
  refresh();
});
byId("pin").addEventListener("click", () => {
  state = { ...state, ghost: state.text };
  fetchBeside();
  refresh();
  say(`Pinned: ${state.text}`);
});
const modes = [byId("mode-bend"), byId("mode-lift")];
for (const [k, mode] of modes.entries()) {
  mode.tabIndex = k ? -1 : 0;
  const choose = (other) => {
    for (const each of modes) {
      each.setAttribute("aria-checked", String(each === other));
      each.tabIndex = each === other ? 0 : -1;
    }
    other.focus();
  };
  mode.addEventListener("click", () => choose(mode));
  mode.addEventListener("keydown", (event) => {
    if (!/^Arrow/.test(event.key)) return;
    event.preventDefault();
    choose(modes[1 - k]);
  });
}
byId("target").addEventListener("change", code);
byId("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(byId("code").textContent);
  say("Copied");
  byId("copy").textContent = "Copied";
  setTimeout(() => { byId("copy").textContent = "Copy"; }, 1500);
});
byId("svg").addEventListener("click", () => saved("svg", whole()).catch((error) => wrong(error.message)));
byId("png").addEventListener("click", () => saved("png", whole()).catch((error) => wrong(error.message)));

let reads = 0; // how many were begun

/** What somebody has pasted or dropped: a schedule of ours or of any library, or a picture of one. */
async function taken(text, file) {
  const mine = (reads += 1);
  const before = byId("text").value;
  const isOld = () => mine !== reads || byId("text").value !== before; // something else was given since
  const loading = setTimeout(() => { if (!isOld()) byId("read").textContent = "Reading it as a call of another library ..."; }, 300);
  try {
    const read = await asked("import", { ...request(state), text, ...file });
    if (isOld()) return;
    wrong("");
    if (read.tracks) plan.tracks = read.tracks;
    const change = { text: read.text, plan: read.plan || null, track: 0, ...(read.updates ? { updates: read.updates } : {}), ...(read.lr ? { lr: read.lr } : {}) };
    clearTimeout(loading);
    byId("read").textContent = file || text !== read.text ? [read.convention, ...read.notes].filter(Boolean).join("\n") : "";
    typed = null; // it is kept here
    await take(change);
  } catch (error) {
    if (isOld()) return;
    byId("read").textContent = "";
    if (file || !error.message.includes("is not known")) wrong(error.message); // of such a word more was said before
  } finally {
    clearTimeout(loading);
  }
}
dropped(document.body, (file) => taken("", file), (error) => wrong(error.message));

addEventListener("hashchange", () => {
  const given = stateOf(location.hash);
  if (!given.text || address(given) === address(state)) return;
  plan.open(given).catch(() => { given.plan = null; }).then(() => take({ ...given, updates: given.updates ?? state.updates }));
});

const given = stateOf(location.hash);
if (given.text) state = { ...state, ...given, updates: given.updates ?? FIRST.updates };
fill();
plan.open(state).catch(() => { state = { ...state, plan: null }; }).then(refresh).then(fetchBeside);
gallery(byId("gallery"), (word, event) => {
  if (event.shiftKey) {
    state = { ...state, overlays: [...state.overlays.filter((text) => text !== word.text), word.text].slice(-MOST) };
    remember();
    fetchBeside();
  } else {
    take({ text: word.text, updates: word.updates < 100 ? word.updates : Math.max(state.updates, 100) });
    byId("plot").scrollIntoView({ block: "nearest" });
  }
}).then(({ shapes }) => {
  handles.shapes = shapes;
  if (found) phases(found);
}).catch((error) => wrong(error.message));

/** For measurements and tests: the requests that were sent, the drawings that were made, what is shown. */
window.lrlab = { chart, handles, law, plan, gestures, pictures, get state() { return state; }, get found() { return found; } };
