/** Forecast: logs in, a law, and what it says of schedules that nobody has trained yet. */

import { Latest, asked } from "./asking.js";
import { byId, later, say, sentence, sentences } from "./building.js";
import { content, dropped } from "./files.js";
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
    byId("ask").hidden = !law;
    if (law) keep({ law, told: `fitted to ${names.join(", ")}`, updates: found.updates, lr: found.lr });
    byId("predicted").replaceChildren();
    if (!law) return;
    byId("updates").value = found.updates;
    byId("lr").value = found.lr;
    predict();
  },
  (error) => {
    byId("given").textContent = "";
    wrong(error.message);
  },
);

const predictions = new Latest(
  (request) => asked("predict", request),
  ({ sections: found, warnings }, request) => {
    wrong("");
    byId("doubt").textContent = sentences(warnings);
    byId("predicted").replaceChildren(...sections({ sections: found }));
    if (request.optimise) say("The best schedule that the law knows is in the table.");
  },
  (error) => { byId("doubt").textContent = error.message; },
);

function predict(optimise = false) {
  const schedules = byId("schedules").value.split("\n").map((line) => line.trim()).filter(Boolean).map((schedule) => ({ schedule }));
  predictions.want({ law, schedules, updates: Number(byId("updates").value), lr: byId("lr").value === "" ? null : Number(byId("lr").value), optimise });
}

async function take(files) {
  wrong("");
  byId("given").textContent = `Reading ${files.map((file) => file.name).join(", ")} ...`;
  try {
    names = files.map((file) => file.name);
    fits.want(files);
  } catch (error) {
    wrong(error.message);
  }
}

byId("files").addEventListener("change", async () => take(await Promise.all([...byId("files").files].map(content)).catch((error) => { wrong(error.message); return []; })));
let together = [];
const gathered = later(() => { const files = together; together = []; take(files); }, 50);
dropped(document.body, (file) => { together.push(file); gathered(); }, (error) => wrong(error.message));
const again = later(() => law && predict(), 250);
for (const id of ["schedules", "updates", "lr"]) byId(id).addEventListener("input", again);
byId("optimise").addEventListener("click", () => law && predict(true));
