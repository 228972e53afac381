/** What was before, and what was taken back: without end, a text and its run each time. */

export class Past {
  /** @param {(state: any) => void} changed */
  constructor(changed) {
    Object.assign(this, { before: [], after: [], changed });
  }
  /** A gesture begins from this. @param {any} state */
  keep(state) {
    this.before.push(state);
    this.after = [];
    this.changed();
  }
  /** @param {any} now @returns {any} what was before it, or undefined */
  undo(now) {
    return this.swap(this.before, this.after, now);
  }
  /** @param {any} now */
  redo(now) {
    return this.swap(this.after, this.before, now);
  }
  swap(from, to, now) {
    const found = from.pop();
    if (found !== undefined) to.push(now);
    this.changed();
    return found;
  }
}
