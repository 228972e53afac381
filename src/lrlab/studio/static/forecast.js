/** Forecast: logs in, a law, and what it says of schedules that nobody has trained yet. */

import { address } from "./address.js";
import { Latest, asked } from "./asking.js";
import { byId, later, say, sentence, sentences } from "./building.js";
import { chosen, dropped } from "./files.js";
import { keep } from "./law.js";
import { facts, sections } from "./report.js";

let law = null;
let names = []; // of the logs
const wrong = (message) => byId("wrong").replaceChildren(...(message ? sentence(message) : []));

const fits = new Latest(
  (files) => asked("fit", { files }),
  (found) => {
    law = found.law;
    byId("given").textContent = law ? "Read and fitted." : "Read; no law could be fitted.";
    say(byId("given").textContent);
    byId("lead").textContent = found.report.lead;
    byId("report").replaceChildren(...sections(found.report), facts(found.report.facts));
    byId("ask").hidden = byId("branch").hidden = !law;
    if (law) keep({ law, told: `fitted to ${names.join(", ")}`, updates: found.updates, lr: found.lr });
    byId("predicted").replaceChildren();
    byId("branched").replaceChildren();
    if (!law) return;
    byId("updates").value = found.updates;
    byId("lr").value = found.lr;
    byId("at").value = Math.round(found.updates / 2);
    byId("decay").value = Math.round(found.updates / 5);
    predict();
    branch();
  },
  (error) => {
    byId("given").textContent = "";
    wrong(error.message);
  },
);

const predictions = new Latest(
  (request) => asked("predict", request),
  ({ sections: found, warnings, best }, request) => {
    wrong("");
    byId("best").hidden = !best;
    if (best) {
      byId("best-named").href = composed({ ...request, lr: best.lr, text: best.named });
      byId("best-found").href = composed({ ...request, lr: best.lr, text: best.schedule });
    }
    byId("doubt").textContent = sentences(warnings);
    byId("predicted").replaceChildren(...sections({ sections: found }));
    if (request.optimise) say("The best schedule that the law knows is in the table.");
  },
  (error) => {
    byId("doubt").replaceChildren(...sentence(error.message));
    byId("predicted").replaceChildren();
    byId("best").hidden = true;
  },
);

const branches = new Latest(
  (request) => asked("branch", request),
  ({ sections: found, sentence: said, warnings }) => {
    byId("branch-said").textContent = said;
    byId("branch-doubt").textContent = sentences(warnings);
    byId("branched").replaceChildren(...sections({ sections: found }));
  },
  (error) => {
    byId("branch-said").textContent = "";
    byId("branch-doubt").replaceChildren(...sentence(error.message));
    byId("branched").replaceChildren();
  },
);

/** Where a schedule is shaped. */
const composed = ({ text, updates, lr, ghost }) => `/compose#${address({ text, updates, lr, ghost })}`;

/** The law, and the run that it is asked about. */
const run = () => ({ law, updates: Number(byId("updates").value), lr: byId("lr").value === "" ? null : Number(byId("lr").value) });

function predict(optimise = false) {
  const schedules = byId("schedules").value.split("\n").map((line) => line.trim()).filter(Boolean).map((schedule) => ({ schedule }));
  const { updates, lr } = run();
  byId("shape").href = composed({ text: schedules[0]?.schedule ?? "constant()", updates, lr, ghost: schedules[1]?.schedule });
  predictions.want({ ...run(), schedules, optimise });
}

function branch() {
  branches.want({ ...run(), trunk: byId("trunk").value, at: Number(byId("at").value), decay: Number(byId("decay").value) });
}

function take(files) {
  wrong("");
  names = files.map((file) => file.name);
  byId("given").textContent = `Reading ${names.join(", ")} ...`;
  fits.want(files);
}

byId("files").addEventListener("change", () => chosen(byId("files")).then(take, (error) => wrong(error.message)));
let together = [];
const gathered = later(() => { const files = together; together = []; take(files); }, 50);
dropped(document.body, (file) => { together.push(file); gathered(); }, (error) => wrong(error.message));
const again = later(() => law && predict(), 250);
const other = later(() => law && branch(), 250);
for (const id of ["schedules", "updates", "lr"]) byId(id).addEventListener("input", again);
for (const id of ["trunk", "at", "decay", "updates", "lr"]) byId(id).addEventListener("input", other);
byId("optimise").addEventListener("click", () => law && predict(true));
