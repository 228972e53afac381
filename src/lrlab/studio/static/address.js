/** The state of Compose as an address: a link is the work. */

const NUMBERS = { updates: "n", epoch: "epoch", lr: "lr", decay: "wd", samples: "samples", tokens: "tokens" };

/** @param {any} state @returns {string} what stands behind the # */
export function address(state) {
  const found = new URLSearchParams();
  found.set("s", state.text);
  for (const [name, short] of Object.entries(NUMBERS)) if (state[name] != null) found.set(short, String(state[name]));
  if (state.log) found.set("log", "1");
  if (state.plan) {
    found.set("plan", state.plan);
    found.set("track", String(state.track));
  }
  if (state.ghost) found.set("ghost", state.ghost);
  for (const text of state.overlays ?? []) found.append("with", text);
  return found.toString();
}

/** @param {string} hash @returns {any} */
export function stateOf(hash) {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const state = { text: found.get("s"), log: found.get("log") === "1", ghost: found.get("ghost"), overlays: found.getAll("with"), plan: found.get("plan") || null, track: 0 };
  const track = Number(found.get("track"));
  if (Number.isInteger(track) && track > 0) state.track = track;
  for (const [name, short] of Object.entries(NUMBERS)) {
    const value = Number(found.get(short));
    state[name] = found.get(short) !== null && Number.isFinite(value) && value > 0 ? value : null;
  }
  return state;
}
