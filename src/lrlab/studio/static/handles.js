/** What can be taken hold of in the picture: by a hand, and by keys. A gesture is said to whoever made it. */

import { make, number, say, whole } from "./building.js";

const NEAR = 9; // pixels to a round place
const REACH = 18; // pixels to a line
const FINE = 0.1; // of the way of a hand, with Ctrl

/** A number without an exponent, which ARIA does not know. @param {number} value */
const decimal = (value) => value.toLocaleString("en", { useGrouping: false, maximumFractionDigits: 20 });

/** The handles over a chart. */
export class Handles {
  /**
   * @param {import("./chart.js").Chart} chart
   * @param {{begin: () => void, gesture: (given: object) => void, end: () => void, once: (make: () => object|null) => void, mode: () => string, said: (text: string) => void}} told
   */
  constructor(chart, told) {
    Object.assign(this, { chart, told, shown: null, held: null, current: "1", buttons: new Map(), chosen: new Set() });
    chart.built = () => this.attach();
    chart.drawn = () => this.place();
  }

  attach() {
    const { over } = this.chart;
    this.buttons = new Map();
    this.borders = [];
    this.layer = make("div", { class: "layer" });
    this.bending = make("div", { class: "bending", hidden: true });
    this.band = make("div", { class: "band", hidden: true });
    over.append(this.band, this.layer, this.bending);
    over.addEventListener("pointerdown", (event) => this.press(event));
    over.addEventListener("dblclick", (event) => this.double(event));
    over.addEventListener("pointermove", (event) => this.point(event));
    over.addEventListener("pointerleave", () => this.told.said(""));
    if (this.shown) this.show(this.shown);
  }

  /** @param {any} found what the server says of the schedule */
  show(found) {
    this.shown = found;
    if (!this.layer) return;
    for (const name of this.chosen) if (!found.points.some((point) => point.name === name)) this.chosen.delete(name);
    const wanted = this.wanted();
    for (const [name, button] of this.buttons) if (!wanted.has(name)) button.remove();
    const known = this.buttons;
    this.buttons = new Map(); // in the order of time; what is there stays where it is, for it may be held
    for (const [name, handle] of wanted) {
      const button = known.get(name) ?? this.button(name);
      this.buttons.set(name, button);
      if (!button.parentNode) this.layer.append(button);
      this.label(button, handle);
    }
    if (!wanted.has(this.current)) this.current = [...wanted.keys()][0] ?? "";
    for (const button of this.buttons.values()) button.tabIndex = button.dataset.name === this.current ? 0 : -1;
    this.place();
  }

  /** Every handle by its name: the points in order, then the tilt of the chosen ones, peak, floor and length. */
  wanted() {
    const { points, updates, peak, floor } = this.shown;
    const found = new Map(points.map((point) => [point.name, point]));
    if (points.length) {
      const edge = { low: updates, high: updates, edge: true, update: updates };
      const last = points.findLast((point) => this.chosen.has(point.name));
      if (this.several) found.set("tilt", { update: last.update, value: last.value, low: last.update, high: last.update, edge: true, sentence: `tilt of ${this.chosen.size} points` });
      found.set("peak", { ...edge, value: peak, sentence: "peak of the whole" });
      found.set("floor", { ...edge, value: floor, sentence: floor > 0 ? "floor" : "floor: none yet" });
      found.set("horizon", { update: updates, value: null, low: 1, high: 1e7, edge: true, sentence: "length of the run" });
    }
    return found;
  }

  /** Whether more than one point is chosen. */
  get several() {
    return this.chosen.size > 1;
  }

  /** Choose these points, and no others. @param {string[]} names */
  choose(names) {
    this.chosen = new Set(names);
    this.show(this.shown);
    say(`${this.chosen.size || "No"} point${this.chosen.size === 1 ? "" : "s"} chosen`);
  }

  /** Choose a point, or let it go. */
  toggle(name) {
    const names = [...this.buttons.keys()].filter((each) => (each === name) !== this.chosen.has(each));
    this.choose(names);
  }

  button(name) {
    const button = make("button", { type: "button", role: "slider", "data-name": name, "aria-describedby": "keys" }, make("span", { class: "tag", "aria-hidden": "true" }));
    button.addEventListener("keydown", (event) => this.key(event, name));
    button.addEventListener("focus", () => {
      this.current = name;
      for (const [other, each] of this.buttons) each.tabIndex = other === name ? 0 : -1;
    });
    button.addEventListener("pointerdown", (event) => this.grab(event, name));
    button.addEventListener("dblclick", (event) => {
      event.stopPropagation();
      const border = parseInt(name, 10);
      if (border > 0 && border < this.shown.segments.length) this.told.once(() => ({ kind: "join", border }));
    });
    return button;
  }

  label(button, handle) {
    const { update, value, sentence } = handle;
    const level = value === null ? "" : `${this.shown.absolute ? "LR" : "level"} ${number(value)}`;
    const name = button.dataset.name;
    const chosen = this.chosen.has(name);
    const where = name === "peak" || name === "floor" || name === "tilt" ? "" : `update ${whole(update)}`;
    const said = [where, level].filter(Boolean).join(", ");
    const moves = name === "horizon" || handle.low !== handle.high;
    button.className = `handle${handle.edge ? " edge" : ""}${this.held?.name === name ? " held" : ""}${chosen ? " chosen" : ""}${name === "tilt" ? " tilt" : ""}`;
    button.setAttribute("aria-label", chosen ? `${sentence}, chosen` : sentence);
    button.setAttribute("aria-valuetext", said);
    button.setAttribute("aria-valuenow", decimal(moves ? update : value));
    button.setAttribute("aria-valuemin", decimal(moves ? handle.low : 0));
    button.setAttribute("aria-valuemax", decimal(moves ? handle.high : Math.max(value, this.shown.peak) * 10));
    button.lastChild.textContent = handle.edge && name !== "horizon" ? `${sentence.split(":")[0]} ${number(value)}` : said;
  }

  /** Put everything where it belongs; after every drawing. */
  place() {
    if (!this.shown || !this.layer) return;
    const { width, height } = this.chart;
    for (const [name, handle] of this.wanted()) {
      const button = this.buttons.get(name);
      if (!button) continue;
      let left = name === "tilt" ? this.chart.across(handle.update) + 22 : handle.edge ? width + 18 : this.chart.across(handle.update);
      let top = name === "horizon" ? height + 28 : this.chart.down(handle.value);
      left = Math.min(Math.max(left, 0), name === "tilt" ? width - 22 : width + 18);
      top = Math.min(Math.max(top, 0), name === "horizon" ? top : height);
      button.style.transform = `translate(${left}px, ${top}px)`;
      button.classList.toggle("left", left > width - 150);
      button.classList.toggle("high", top < 24);
    }
    const edges = this.shown.segments.slice(1).map((segment) => segment.start);
    while (this.borders.length < edges.length) {
      const line = make("div", { class: "border" });
      this.layer.before(line);
      this.borders.push(line);
    }
    this.borders.forEach((line, k) => {
      line.hidden = k >= edges.length;
      if (!line.hidden) line.style.transform = `translateX(${this.chart.across(edges[k])}px)`;
    });
  }

  // -- by hand --------------------------------------------------------------------------------------------------------

  /** Where a pointer is in the plot. */
  spot(event) {
    const box = this.chart.over.getBoundingClientRect();
    return { left: event.clientX - box.left, top: event.clientY - box.top };
  }

  near({ left, top }, free) {
    if (free) return {};
    const { chart } = this;
    return {
      near_x_low: chart.update(left - NEAR), near_x_high: chart.update(left + NEAR),
      near_y_low: chart.level(top + NEAR), near_y_high: chart.level(top - NEAR),
    };
  }

  /** The segment that a spot is on, or undefined. */
  segment({ left, top }) {
    const update = this.chart.update(left);
    const found = this.shown?.segments.find((s) => s.start <= update && update < Math.max(s.stop, s.start + 1));
    if (!found) return undefined;
    const close = [-4, 0, 4].some((d) => Math.abs(this.chart.down(this.chart.at(this.chart.update(left + d))) - top) < REACH);
    return close ? found : undefined;
  }

  grab(event, name) {
    if (event.button) return;
    event.stopPropagation();
    const button = this.buttons.get(name);
    button.focus();
    const isPoint = this.shown.points.some((point) => point.name === name);
    if (event.shiftKey && isPoint) {
      event.preventDefault();
      this.toggle(name);
      return;
    }
    if (isPoint && this.chosen.size && !this.chosen.has(name)) this.choose([]);
    const together = this.several && this.chosen.has(name);
    const names = { points: [...this.chosen], log: this.chart.log };
    const handle = this.wanted().get(name);
    const from = this.spot(event);
    const at = name === "horizon" ? { left: this.chart.width, top: 0 } : { left: this.chart.across(Math.min(handle.update, this.shown.updates)), top: this.chart.down(handle.value) };
    const scale = this.shown.updates / this.chart.width;
    this.hold(event, name, button, (spot, keys) => {
      const fine = keys.ctrlKey || keys.metaKey ? FINE : 1;
      const left = at.left + (spot.left - from.left) * fine;
      const top = at.top + (spot.top - from.top) * fine;
      const near = this.near({ left, top }, keys.altKey || fine < 1);
      if (name === "horizon") {
        const x = left * scale;
        return { kind: "horizon", x, ...(near.near_x_low === undefined ? {} : { near_x_low: x - NEAR * scale, near_x_high: x + NEAR * scale }) };
      }
      const y = this.low(top);
      if (name === "tilt") return { kind: "tilt", y, ...names, ...near };
      if (handle.edge) return { kind: name, y, ...near };
      if (together) return { kind: "several", point: name, x: this.chart.update(left), y, ...names, ...near };
      return { kind: "move", point: name, x: this.chart.update(left), y, ...near };
    });
  }

  /** The level of a height; at the foot of a logarithmic axis it is 0. */
  low(top) {
    return this.chart.log && top >= this.chart.height ? 0 : this.chart.level(top);
  }

  press(event) {
    if (event.button) return;
    const from = this.spot(event);
    const segment = this.segment(from);
    if (!this.shown?.points.length) return;
    if (!segment) {
      this.around(event, from);
      return;
    }
    const lift = event.shiftKey || (!event.altKey && this.told.mode() === "lift") || !segment.bends;
    this.hold(event, null, this.chart.over, (spot, keys) => {
      const fine = keys.ctrlKey || keys.metaKey ? FINE : 1;
      const top = from.top + (spot.top - from.top) * fine;
      if (!lift) return { kind: "bend", segment: segment.number, x: this.chart.update(from.left), y: this.chart.level(top) };
      const near = this.near({ left: spot.left, top }, keys.altKey || fine < 1);
      return { kind: "lift", segment: segment.number, from: this.chart.level(from.top), y: this.chart.level(top), log: this.chart.log, ...near };
    });
    this.bent = lift ? null : segment.number;
  }

  /** Choose what is within a rectangle that a hand draws beside the lines. */
  around(event, from) {
    const { over } = this.chart;
    event.preventDefault();
    over.setPointerCapture(event.pointerId);
    let box = null;
    const move = (next) => {
      const to = this.spot(next);
      box = { left: Math.min(from.left, to.left), top: Math.min(from.top, to.top), right: Math.max(from.left, to.left), bottom: Math.max(from.top, to.top) };
      this.band.hidden = box.right - box.left < 4 && box.bottom - box.top < 4;
      Object.assign(this.band.style, { transform: `translate(${box.left}px, ${box.top}px)`, width: `${box.right - box.left}px`, height: `${box.bottom - box.top}px` });
    };
    const end = () => {
      for (const [kind, action] of Object.entries(actions)) over.removeEventListener(kind, action);
      const drawn = box && !this.band.hidden;
      this.band.hidden = true;
      const inside = ({ update, value }) => {
        const [x, y] = [this.chart.across(update), this.chart.down(value)];
        return box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
      };
      if (drawn) this.choose(this.shown.points.filter(inside).map((point) => point.name));
      else if (this.chosen.size) this.choose([]);
    };
    const actions = { pointermove: move, pointerup: end, pointercancel: end };
    for (const [kind, action] of Object.entries(actions)) over.addEventListener(kind, action);
  }

  /** A hand that holds something until it lets go. */
  hold(event, name, target, gesture) {
    event.preventDefault();
    target.setPointerCapture(event.pointerId);
    this.held = { name, moved: false };
    const start = { x: event.clientX, y: event.clientY };
    const move = (next) => {
      if (!this.held.moved && Math.hypot(next.clientX - start.x, next.clientY - start.y) < 3) return;
      if (!this.held.moved) {
        this.held.moved = true;
        this.told.begin();
        this.chart.freeze(true);
      }
      this.hand = this.spot(next);
      this.told.gesture(gesture(this.hand, next));
    };
    const end = () => {
      for (const [kind, action] of Object.entries(actions)) target.removeEventListener(kind, action);
      const { moved } = this.held;
      this.held = null;
      this.bent = null;
      this.bending.hidden = true;
      if (moved) this.told.end();
    };
    const actions = { pointermove: move, pointerup: end, pointercancel: end };
    for (const [kind, action] of Object.entries(actions)) target.addEventListener(kind, action);
  }

  /** While a line bends: the word that it is. */
  moving(found) {
    if (this.bent === null || this.bent === undefined || !this.hand) return;
    this.bending.hidden = false;
    this.bending.textContent = found.segments[this.bent]?.text ?? "";
    this.bending.style.transform = `translate(${Math.min(this.hand.left + 16, this.chart.width - 200)}px, ${this.hand.top - 32}px)`;
  }

  double(event) {
    if (!this.shown.points.length) return;
    const spot = this.spot(event);
    const given = { kind: "split", x: this.chart.update(spot.left), ...this.near(spot, event.altKey) };
    if (this.segment(spot)) this.told.once(() => given);
  }

  point(event) {
    if (this.held) return;
    const spot = this.spot(event);
    if (spot.left < 0 || spot.left > this.chart.width) return;
    const update = Math.min(Math.max(0, Math.floor(this.chart.update(spot.left))), this.shown?.updates - 1);
    const segment = this.segment(spot);
    this.chart.over.style.cursor = segment ? "ns-resize" : "crosshair";
    this.told.said(`update ${whole(update)}: ${number(this.chart.at(update))}${segment ? ` · ${segment.text}` : ""}`);
  }

  // -- by keys --------------------------------------------------------------------------------------------------------

  key(event, name) {
    if (((event.ctrlKey || event.metaKey) && /^[a-z]$/i.test(event.key)) || event.key === "Tab") return;
    if (!this.goes(event, name)) {
      if (this.stroke(event, name) === undefined) return;
      this.told.once(() => this.buttons.has(name) && this.stroke(event, name));
    }
    event.preventDefault();
  }

  /** Whether a key goes to another point, or chooses some: nothing of the schedule changes. */
  goes({ key }, name) {
    if (key === "[" || key === "]") {
      const names = [...this.buttons.keys()];
      const next = names[(names.indexOf(name) + (key === "]" ? 1 : names.length - 1)) % names.length];
      this.buttons.get(next).focus();
    } else if (key === " " && !this.wanted().get(name).edge) this.toggle(name);
    else if (key === "Escape" && this.chosen.size) {
      if (name === "tilt") this.buttons.get([...this.chosen].at(-1)).focus();
      this.choose([]);
    } else return false;
    return true;
  }

  /** The gesture that a key makes of what is shown; null where nothing changes, and undefined for another key. */
  stroke(event, name) {
    const fine = event.ctrlKey || event.metaKey;
    const handle = this.wanted().get(name);
    const number_ = parseInt(name, 10);
    const { segments } = this.shown;
    const after = segments[Math.min(number_, segments.length - 1)];
    const ratio = fine ? 10 ** (1 / 200) : 10 ** (1 / 20);
    const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const levels = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    const halves = { "+": 1, "=": 1, "-": -1, "−": -1 }[event.key];
    const several = { points: [...this.chosen], log: this.chart.log };
    if (name === "horizon") return steps || levels ? { kind: "horizon", x: handle.update * ratio ** (steps ?? levels) } : undefined;
    if (handle.edge) {
      if (!levels && !halves) return undefined;
      const least = this.shown.peak * 1e-4;
      const factor = halves ? 2 ** halves : ratio ** levels;
      const y = name === "floor" && levels < 0 && handle.value * factor < least ? 0 : Math.max(handle.value, least) * factor;
      return name === "tilt" ? { kind: "tilt", y, ...several } : { kind: name, y };
    }
    if (event.altKey && levels) return this.other(after, Math.sign(levels));
    if (steps || levels || halves) {
      const by = { point: name, steps: steps ?? 0, levels: levels ?? halves ?? 0, fine: fine && !halves, double: Boolean(halves) };
      return this.several && this.chosen.has(name) ? { kind: "nudge_several", ...by, ...several } : { kind: "nudge", ...by };
    }
    if (event.key === "Home" || event.key === "End") return { kind: "move", point: name, x: event.key === "Home" ? handle.low : handle.high, y: handle.value };
    if (/^s$/i.test(event.key) && after) return { kind: "split", x: (after.start + after.stop) / 2 };
    if (event.key === "Delete" || event.key === "Backspace") return number_ > 0 && number_ < segments.length ? { kind: "join", border: number_ } : undefined;
    return undefined;
  }

  /** The next word that a line can be bent to. */
  other(segment, way) {
    const at = this.shapes.indexOf(segment?.word);
    if (!segment?.bends) return null;
    const many = this.shapes.length;
    return { kind: "shape", segment: segment.number, word: this.shapes[(at - way + many) % many] };
  }
}
