/** The words of the vocabulary as small pictures. */

import { got } from "./asking.js";
import { make } from "./building.js";
import { address } from "./address.js";

/** @param {HTMLElement} place @param {(word: any, event: MouseEvent) => void} [chosen] */
export async function gallery(place, chosen) {
  const { words, shapes } = await got("words");
  const families = new Map();
  for (const word of words) families.set(word.family, [...(families.get(word.family) ?? []), word]);
  place.replaceChildren(
    ...[...families].map(([family, those]) =>
      make("section", { class: "family" }, make("h2", {}, family), make("ul", { class: "gallery" }, ...those.map((word) => card(word, chosen)))),
    ),
  );
  return { words, shapes };
}

/** A curve as a small picture. @param {number[][]} points */
export function picture(points) {
  const path = points.map(([x, y], k) => `${k ? "L" : "M"}${(x * 100).toFixed(2)} ${((1 - y) * 100).toFixed(2)}`).join("");
  return make("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }, make("path", { class: "base", d: "M0 100H100" }), make("path", { d: path }));
}

function card(word, chosen) {
  const link = make(
    "a",
    { class: "word", href: `/compose#${address({ text: word.text, updates: word.updates })}`, title: `${word.signature}\n${word.formula}` },
    picture(word.points),
    make("b", {}, word.name),
    make("span", {}, ...word.sentence.split("`").map((part, k) => (k % 2 ? make("code", {}, part) : part))),
  );
  if (chosen) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.button) return;
      event.preventDefault();
      chosen(word, event);
    });
  }
  return make("li", {}, link);
}
