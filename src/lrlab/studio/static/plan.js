/** The plan: several schedules, for hyper-parameters and groups, of which one is shaped at a time. */

import { asked } from "./asking.js";
import { byId, make } from "./building.js";
import { figure } from "./report.js";

const named = ({ groups, hyper }) => (groups === "*" ? hyper : `${hyper} of ${groups}`);
const ALONE = "One schedule for the LR of every group. Add another one for a momentum, a weight decay, or for some groups.";

export class Plan {
  /** @param {{state: () => any, request: (state: any) => any, taken: (change: any) => void}} told */
  constructor(told) {
    Object.assign(this, { told, tracks: [] });
    byId("plan-add").addEventListener("submit", (event) => {
      event.preventDefault();
      this.change({ operation: "add", groups: byId("plan-groups").value, hyper: byId("plan-hyper").value });
    });
  }

  /** The one that is shaped, or null where the LR is alone. @param {any} state */
  shaped(state) {
    return state.plan ? (this.tracks[state.track] ?? null) : null;
  }

  request(state) {
    return { ...this.told.request(state), lr: state.lr, plan: state.plan ?? "", track: state.track };
  }

  /** What stands in a plan, before anything of it is drawn. @param {any} state */
  async open(state) {
    if (state.plan) this.tracks = (await asked("import", { ...this.request(state), text: state.plan })).tracks;
  }

  /** The state with the plan in which the schedule that was just shaped has its place. @param {any} state */
  async refresh(state) {
    if (!state.plan) {
      this.draw({ tracks: [], words: "", wrong: "", figures: [] }, 0);
      return state;
    }
    const found = await asked("plan", this.request(state));
    this.draw(found, state.track);
    return { ...state, plan: found.plan || null, track: found.plan ? state.track : 0 };
  }

  async change(how) {
    byId("plan-wrong").textContent = "";
    try {
      const found = await asked("plan", { ...this.request(this.told.state()), ...how });
      this.tracks = found.tracks;
      this.told.taken({ plan: found.plan || null, track: found.plan ? found.track : 0, text: found.text });
    } catch (error) {
      byId("plan-wrong").textContent = error.message.split("\n")[0];
    }
  }

  draw({ tracks, words, wrong, figures }, current) {
    this.tracks = tracks;
    const beside = figures.filter(({ title, lines }) => title !== tracks[current]?.hyper || lines.length > 1); // the one that is shaped stands above
    byId("plan-beside").replaceChildren(...beside.map((each) => figure(each, undefined, beside.length === 1)));
    byId("plan-wrong").textContent = wrong.split("\n")[0];
    byId("plan-words").textContent = words || ALONE;
    const held = byId("plan-tracks").contains(document.activeElement);
    byId("plan-tracks").replaceChildren(...tracks.map((track, k) => this.row(track, k, current)));
    if (held) byId("plan-tracks").querySelector("[aria-pressed=true]")?.focus();
  }

  row(track, k, current) {
    const path = track.points.map(([x, y], at) => `${at ? "L" : "M"}${(x * 100).toFixed(2)} ${((1 - y) * 100).toFixed(2)}`).join("");
    const picture = make("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }, make("path", { d: path }));
    const choose = () => this.told.taken({ track: k, text: track.text });
    return make(
      "li", {},
      make("button", { type: "button", class: "track", "aria-pressed": String(k === current), onclick: choose }, picture, make("b", {}, named(track)), make("code", {}, track.text)),
      make("button", { type: "button", class: "button quiet", "aria-label": `Remove ${named(track)}`, title: "Remove", onclick: () => this.change({ operation: "remove", which: k }) }, "×"),
    );
  }
}
