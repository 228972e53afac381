/** Files: what is dropped is sent to be read; a picture is saved with its text inside. */

import { asked } from "./asking.js";
import { make } from "./building.js";

const LARGEST = 700_000; // bytes: a request holds a megabyte

/** Call with the content of each file that is dropped on the page, or with what is wrong with it. */
export function dropped(place, then, failed) {
  const over = (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    place.classList.add("over");
  };
  place.addEventListener("dragover", over);
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    place.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    for (const file of [...event.dataTransfer.files]) content(file).then(then, failed);
  });
}

/** The files that were chosen; they can be chosen again when they have changed. @param {HTMLInputElement} input */
export function chosen(input) {
  const read = Promise.all([...input.files].map(content));
  input.value = "";
  return read;
}

/** The name and the bytes of a file. @param {File} file */
async function content(file) {
  if (file.size > LARGEST) throw new Error(`${file.name} is too large: at most ${LARGEST.toLocaleString("en")} bytes`);
  return { name: file.name, bytes: base64(new Uint8Array(await file.arrayBuffer())) };
}

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}

/** Save the picture of a schedule, with the text inside, so that it can be dropped back. */
export async function saved(kind, request) {
  const { svg, name } = await asked("picture", request);
  if (kind === "svg") return keep(new Blob([svg], { type: "image/svg+xml" }), `${name}.svg`);
  const image = new Image();
  image.src = `data:image/svg+xml;base64,${base64(new TextEncoder().encode(svg))}`;
  await image.decode();
  const canvas = make("canvas", { width: image.naturalWidth * 2, height: image.naturalHeight * 2 });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const blank = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const { png } = await asked("signed", { ...request, bytes: base64(new Uint8Array(await blank.arrayBuffer())) });
  return keep(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))], { type: "image/png" }), `${name}.png`);
}

/** Save it as a file. @param {Blob} blob @param {string} name */
export function keep(blob, name) {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
