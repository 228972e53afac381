/** Elements, without a framework: `make("button", { class: "button", onclick }, "Undo")`. */

const SVG = new Set(["svg", "path", "circle", "rect", "line", "text", "g", "title"]);

/** @param {string} tag @param {Record<string, any>} attributes @param {...(Node|string|null|undefined|false)} children */
export function make(tag, attributes = {}, ...children) {
  const element = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** Said to whoever does not see it. @param {string} sentence */
export function say(sentence) {
  byId("said").textContent = sentence;
}

/** A value as the server writes numbers: three digits, 3.0e-4 where it is small. @param {number} value */
export function number(value) {
  if (value === 0) return "0";
  if (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6) {
    return Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 6 });
  }
  return value.toExponential(1).replace("e+", "e");
}

/** @param {number} value */
export const whole = (value) => Math.round(value).toLocaleString("en");

/** @param {string} name */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** When what was drawn is on the screen: what comes then does not hold it up. */
export const painted = () => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); });

/** Do it a little after the last call. @param {() => void} action @param {number} delay */
export function later(action, delay) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, delay);
  };
}

/** A command, whose options are not broken between lines. @param {string} text */
export const command = (text) => text.split(/(\s+)/).map((part) => (part.startsWith("-") ? make("span", { class: "whole" }, part) : part));

/** What is wrong, in a sentence, with what to type instead; the rest is for a terminal. @param {string} message */
export function sentence(message) {
  const [first, ...rest] = message.split("\n");
  const hint = rest.find((line) => /^\s*try:/.test(line))?.replace(/^\s*try:\s*/, "");
  const allowed = rest.find((line) => /^\s*allowed:/.test(line))?.replace(/^\s*allowed:\s*/, "");
  const own = rest.filter((line) => !/^\s*(given|allowed|try):/.test(line)).map((line) => `\n${line}`).join("");
  const begin = /^[a-z]+[ ,]/.test(first) ? (first[0].toUpperCase() + first.slice(1)).replace(/^Lr\b/, "LR") : first;
  const end = /[.:!?]$/.test(`${first}${own}`) ? "" : ".";
  const said = [`${begin}${own}${hint || allowed ? end : ""}`];
  if (hint) said.push(" Try ", make("code", {}, ...command(hint)));
  else if (allowed) said.push(` Allowed: ${allowed.slice(0, 200)}`);
  return said;
}

/** Some remarks one after the other, as sentences. @param {string[]} remarks */
export const sentences = (remarks) => remarks.map((text) => `${text[0].toUpperCase()}${text.slice(1)}.`).join(" ");
