/** Asking the server: with the token of this process, one request at a time where only the last one counts. */

const HELD = "lrlab-token";
const given = new URLSearchParams(location.search).get("token");
if (given) {
  localStorage.setItem(HELD, given);
  history.replaceState(null, "", location.pathname + location.hash);
}
const token = () => localStorage.getItem(HELD) ?? "";

/** What a request that failed says. */
export class Refused extends Error {}

/** @param {string} path @param {RequestInit} how */
async function sent(path, how) {
  let reply;
  try {
    reply = await fetch(`/api/${path}`, { ...how, headers: { ...how.headers, "X-Lrlab-Token": token() } });
  } catch {
    throw new Refused("the studio does not answer: is `lrlab studio` still running?");
  }
  if (!reply.ok) throw new Refused((await reply.json().catch(() => ({ error: `status ${reply.status}` }))).error);
  return reply;
}

/** A document, unless it is what is wrong, in a sentence. @param {Response} reply */
async function document_of(reply) {
  const found = await reply.json();
  if (found.error !== undefined) throw new Refused(found.error);
  return found;
}

/** A document. @param {string} path */
export const got = async (path) => document_of(await sent(path, { method: "GET" }));

const asJson = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

/** A document, for a request with a body. @param {string} path @param {object} body */
export const asked = async (path, body) => document_of(await sent(path, asJson(body)));

/** A document with columns of numbers behind it (see packed.py). @param {string} path @param {object} body */
export async function packed(path, body) {
  const reply = await sent(path, asJson(body));
  if (reply.headers.get("Content-Type") === "application/json") return document_of(reply);
  const bytes = await reply.arrayBuffer();
  const size = new DataView(bytes).getUint32(0, true);
  const found = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, size)));
  const numbers = new Float32Array(bytes, 4 + size);
  let at = 0;
  found.columns = found.columns.map((n) => numbers.subarray(at, (at += n)));
  return found;
}

/** Lines of a stream as they come, from a byte on; ends when `signal` does. */
export async function* events(path, from, signal) {
  const reply = await sent(`${path}&from=${from}`, { method: "GET", headers: { Accept: "text/event-stream" }, signal });
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").filter((line) => !line.startsWith(":")).map((line) => line.split(/: (.*)/s)));
      if (fields.data) yield { id: Number(fields.id), data: JSON.parse(fields.data) };
    }
  }
}

/**
 * Only the last request counts: while one is on its way, the newest of the others waits, and the rest are forgotten.
 * @template T, A
 */
export class Latest {
  /** @param {(asked: A) => Promise<T>} ask @param {(found: T, asked: A) => void} then @param {(e: Error, asked: A) => void} failed */
  constructor(ask, then, failed) {
    Object.assign(this, { ask, then, failed, busy: false, next: null, sent: 0 });
    this.idle = Promise.resolve();
  }
  /** @param {A} asked */
  want(asked) {
    this.next = { asked };
    if (!this.busy) this.idle = this.run();
    return this.idle;
  }
  async run() {
    this.busy = true;
    while (this.next) {
      const { asked } = this.next;
      this.next = null;
      this.sent += 1;
      try {
        this.then(await this.ask(asked), asked);
      } catch (error) {
        this.failed(error, asked);
      }
    }
    this.busy = false;
  }
}
