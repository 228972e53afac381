/** Home: every word as a picture, and a comparison that was really made. */

import { got } from "./asking.js";
import { byId } from "./building.js";
import { gallery } from "./gallery.js";
import { pinned, table } from "./report.js";

async function example() {
  const { report } = await got("comparison?name=example");
  byId("example-lead").textContent = report.lead;
  byId("example").replaceChildren(table(pinned(report.sections[0], report.baseline)));
}

Promise.all([gallery(byId("gallery")), example()]).catch((error) => {
  byId("wrong").textContent = error.message;
});
