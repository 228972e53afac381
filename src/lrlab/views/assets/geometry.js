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
  // The ticks within each decade of a logarithmic axis, from dense to sparse; then fewer decades.
  const multiples = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]];
  const logTicks = (low, high, count) => {
    let found = null;
    for (let k = 0; found === null || found.length > count + 1; k++) {
      const every = Math.max(1, k - 3);
      found = [];
      for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) {
        if (e % every === 0) found.push(...multiples[Math.min(k, 4)].map(m => Number(`${m}e${e}`)));
      }
      found = found.filter(tick => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
    }
    if (found.length > 1) return found;
    const step = steps.find(each => each >= (high - low) / count * (1 - 1e-9)); // too short for powers of ten: unevenly spaced
    const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
    return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
  };
  const logLabels = values => {
    const even = values.length > 1 && values.some(v => Number(v.toPrecision(1)) !== v); // round steps
    return even ? ticks(values, values[1] - values[0]) : values.map(v => number(v, values.length > 1 ? 1 : 3));
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
    if (b === null) return null;
    const [across, up] = [line.logX, line.logY].map(log => log ? Math.log : v => v); // straight where it is drawn
    const between = up(a) + (up(b) - up(a)) * (across(x) - across(xs[low])) / (across(xs[high]) - across(xs[low]));
    return line.logY ? Math.exp(between) : between;
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

  return { number, ticks, steps, logTicks, logLabels, valueAt, lastValue, spread };
})();
