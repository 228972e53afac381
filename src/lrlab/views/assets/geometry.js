// Pure functions of the report page: numbers and ticks as axes.py writes them, values between the points that
// were kept, places for names as labels.py finds them.
const geometry = (() => {
  "use strict";
  const exponent = (value, places) => value.toExponential(Math.max(0, places)).replace("e+", "e");
  const number = (value, digits = 3) => {
    if (value === null) return "–";
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 1e6) return value.toLocaleString("en-US");
    if (size < 1e-3 || size >= 1e6) return exponent(value, digits - 1);
    const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size) + 1e-9));
    return value.toLocaleString("en-US", { maximumFractionDigits: places });
  };
  const ticks = (values, step) => {
    const largest = Math.max(...values.map(Math.abs));
    const places = -Math.floor(Math.log10(step) + 1e-9);
    if (largest < 1e-3 || largest >= 1e7) {
      return values.map(v => v ? exponent(v, Math.floor(Math.log10(largest)) + places) : "0");
    }
    const digits = Math.max(0, places);
    return values.map(v => v ? v.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }) : "0");
  };
  // Round steps only: uPlot's own 0.25 would need one more digit than the labels have.
  const steps = [];
  for (let e = -15; e < 16; e++) for (const m of [1, 2, 5]) steps.push(Number(`${m}e${e}`));
  const logTicks = (u, i, low, high) => {
    const decades = Math.log10(high / low), found = [];
    if (decades < 0.7) { // too short for powers of ten: round steps, unevenly spaced
      const step = steps.find(each => (high - low) / each <= 6);
      for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(Number((k * step).toPrecision(12)));
      return found;
    }
    const every = Math.ceil(decades / 8);
    const multiples = decades < 1.5 ? [1, 2, 3, 5, 7] : decades < 3 ? [1, 2, 5] : [1];
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) {
      if (e % every === 0) found.push(...multiples.map(m => Number(`${m}e${e}`)));
    }
    return found.filter(tick => tick >= low && tick <= high);
  };

  // ---- values between points
  const valueAt = (line, edge, x) => {
    const xs = line.x;
    if (x < xs[0] || x > xs[xs.length - 1]) return null;
    let low = 0, high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] <= x) low = middle; else high = middle;
    }
    const [a, b] = [line[edge][low], line[edge][high]];
    if (x === xs[high]) return b;
    if (a === null || x === xs[low] || high === low) return a;
    return b === null ? null : a + (b - a) * (x - xs[low]) / (xs[high] - xs[low]);
  };
  const lastValue = (line, until) => {
    const at = valueAt(line, "y", until);
    if (at !== null) return at;
    for (let i = line.x.length - 1; i >= 0; i--) {
      if (line.x[i] <= until && line.y[i] !== null) return line.y[i];
    }
    return null;
  };
  // ---- names beside line ends
  const spread = (wanted, gap, low, high) => {
    if (wanted.length > 1) gap = Math.min(gap, (high - low) / (wanted.length - 1));
    const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
    const pools = [];
    order.forEach((i, rank) => {
      let [mean, count] = [wanted[i] - rank * gap, 1];
      while (pools.length && pools[pools.length - 1][0] >= mean) {
        const [before, many] = pools.pop();
        mean = (before * many + mean * count) / (many + count);
        count += many;
      }
      pools.push([mean, count]);
    });
    const room = high - (wanted.length - 1) * gap;
    const placed = [];
    let rank = 0;
    for (const [mean, count] of pools) {
      for (let k = 0; k < count; k++, rank++) placed[order[rank]] = Math.min(Math.max(mean, low), room) + rank * gap;
    }
    return placed;
  };

  return { number, ticks, steps, logTicks, valueAt, lastValue, spread };
})();
