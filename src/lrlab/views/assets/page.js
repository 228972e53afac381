// The report page: draws each figure with uPlot, names the lines at their ends, and keeps every figure and
// table row that shows the same line in step. All state is in `pinned`, `hidden` and `lit`.
(() => {
  "use strict";
  const { number, ticks, steps, logTicks, logLabels, valueAt, lastValue, spread } = geometry;
  const report = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const narrow = matchMedia("screen and (max-width: 760px)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = name => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

  const pinned = new Map(Object.entries(report.pinned)); // line -> series colour, in crowded figures
  const hidden = new Set(); // lines taken out of figures where every line has its own colour
  let lit = null; // the line under the pointer or the focus, in every figure
  const charts = [];

  const paint = (chart, line) => {
    const slot = chart.crowded ? pinned.get(line.name) : line.slot;
    return slot === undefined ? (line.name === lit ? "ink" : "quiet") : `series-${slot}`;
  };
  const below = chart => narrow.matches || chart.lines.length > 16; // names below the plot, not beside it
  const shown = (chart, line) => chart.crowded || !hidden.has(line.name);

  // ---- the y axis
  const extent = (chart, from, to) => {
    let low = Infinity, high = -Infinity;
    for (const line of chart.lines) {
      if (!shown(chart, line)) continue;
      for (const edge of line.low ? ["y", "low", "high"] : ["y"]) {
        const inside = line[edge].filter((_, i) => line.x[i] >= from && line.x[i] <= to);
        for (const value of [...inside, valueAt(line, edge, from), valueAt(line, edge, to)]) {
          if (value === null) continue;
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
    }
    if (low > high) return chart.logY ? [1, 10] : [0, 1];
    if (chart.logY) {
      const room = Math.max(Math.pow(high / low, 0.04), 1.02);
      return [low / room, high * room];
    }
    const room = (high - low || Math.abs(low) || 1) * 0.04;
    return [low >= 0 && low < room ? 0 : low - room, high + room];
  };

  // ---- drawing
  // The outlines of a line's band, one for each stretch without a gap; that of one point is a bar.
  const outlines = (u, line) => {
    const found = [];
    let there = [], back = [];
    line.x.forEach((x, i) => {
      const [low, high] = [line.low[i], line.high[i]];
      if (low !== null && high !== null) {
        const at = u.valToPos(x, "x", true);
        there.push([at, u.valToPos(high, "y", true)]);
        back.push([at, u.valToPos(low, "y", true)]);
      }
      if (there.length && (low === null || high === null || i === line.x.length - 1)) {
        const bar = 3 * devicePixelRatio;
        const wide = edge => edge.length > 1 ? edge : [[edge[0][0] - bar, edge[0][1]], [edge[0][0] + bar, edge[0][1]]];
        found.push([...wide(there), ...wide(back).reverse()]);
        [there, back] = [[], []];
      }
    });
    return found;
  };
  const inPlot = (u, draw) => {
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(u.bbox.left - 2, u.bbox.top - 2, u.bbox.width + 4, u.bbox.height + 4);
    u.ctx.clip();
    draw(u.ctx);
    u.ctx.restore();
  };
  const drawBands = (chart, u) => inPlot(u, ctx => {
    ctx.globalAlpha = report.bandOpacity;
    for (const line of chart.lines) {
      if (!line.low || !shown(chart, line)) continue;
      if (chart.crowded && !pinned.has(line.name) && line.name !== lit) continue; // a dozen bands hide each other
      ctx.fillStyle = colour(paint(chart, line));
      for (const outline of outlines(u, line)) {
        ctx.beginPath();
        for (const [x, y] of outline) ctx.lineTo(x, y);
        ctx.fill();
      }
    }
  });
  // Lines in colour lie over those that stepped back, the lit one over all.
  const drawRaised = (chart, u) => inPlot(u, ctx => {
    const raised = chart.lines.filter(l => shown(chart, l) && (l.name === lit || (chart.crowded && pinned.has(l.name))));
    raised.sort((a, b) => (a.name === lit) - (b.name === lit));
    ctx.lineJoin = "round";
    for (const line of raised) {
      const paths = u.series[chart.lines.indexOf(line) + 1]._paths;
      if (!paths) continue;
      ctx.save();
      if (paths.clip) ctx.clip(paths.clip);
      ctx.strokeStyle = colour(paint(chart, line));
      ctx.lineWidth = (line.name === lit ? 3 : 2) * devicePixelRatio;
      ctx.stroke(paths.stroke);
      ctx.restore();
    }
  });
  const placeNames = (chart, u) => {
    if (below(chart)) return;
    const ratio = devicePixelRatio, top = u.bbox.top / ratio, bottom = top + u.bbox.height / ratio;
    const listed = chart.lines.map((line, i) => ({ line, item: chart.items[i], end: lastValue(line, u.scales.x.max) }));
    const wanted = listed.map(({ end }) => end === null ? bottom : Math.min(Math.max(top + u.valToPos(end, "y"), top), bottom));
    const placed = spread(wanted, 20, top - 10, bottom - 4);
    const right = (u.bbox.left + u.bbox.width) / ratio;
    const { ctx } = u;
    ctx.save();
    ctx.lineWidth = ratio;
    listed.forEach(({ line, item, end }, i) => {
      item.style.transform = `translateY(${placed[i] + chart.canvas.offsetTop - 10}px)`;
      if (end === null || !shown(chart, line)) return;
      ctx.strokeStyle = colour(paint(chart, line));
      ctx.beginPath();
      ctx.moveTo((right + 2) * ratio, wanted[i] * ratio);
      ctx.lineTo((right + 14) * ratio, placed[i] * ratio);
      ctx.stroke();
    });
    ctx.restore();
  };

  // ---- what the reader points at
  const refresh = () => {
    for (const chart of charts) {
      chart.lines.forEach((line, i) => {
        const button = chart.items[i].firstChild;
        const slot = paint(chart, line);
        button.style.setProperty("--paint", `var(--${slot})`);
        chart.dots[i].style.setProperty("--paint", `var(--${slot})`);
        button.classList.toggle("lit", line.name === lit);
        button.classList.toggle("shown", slot !== "quiet" && shown(chart, line));
        button.classList.toggle("hidden", !shown(chart, line));
        button.setAttribute("aria-pressed", chart.crowded ? pinned.has(line.name) : shown(chart, line));
        chart.plot.series[i + 1].show = shown(chart, line);
      });
      chart.plot.redraw(false);
      readOut(chart);
    }
    for (const row of document.querySelectorAll("[data-line]")) {
      const name = row.dataset.line;
      row.classList.toggle("lit", name === lit);
      const slot = pinned.get(name) ?? report.slots[name]; // in a crowd a line has the colour that it was given
      row.style.setProperty("--paint", `var(--${slot === undefined ? "quiet" : `series-${slot}`})`);
    }
  };
  const light = name => {
    if (name === lit) return;
    lit = name;
    refresh();
  };
  const toggle = (chart, name) => {
    if (!chart.crowded) {
      if (!hidden.delete(name)) hidden.add(name);
    } else if (!pinned.delete(name)) {
      const taken = new Set(pinned.values());
      const free = [...Array(report.colours).keys()].find(slot => !taken.has(slot));
      // All colours are in use: the line pinned longest ago gives its own away.
      const oldest = pinned.keys().next().value;
      pinned.set(name, free === undefined ? pinned.get(oldest) : free);
      if (free === undefined) pinned.delete(oldest);
    }
    refresh();
    for (const { plot } of charts) plot.redraw(true, true); // y fits what is left
  };
  const readOut = chart => {
    const { left } = chart.plot.cursor;
    const { across, back, finest, from, to } = chart;
    const step = Math.round(across(chart.plot.posToVal(left, "x")) / finest);
    const x = left >= 0 ? Math.min(Math.max(back(step * finest), from), to) : null;
    chart.where.textContent = x === null ? chart.hint : `${chart.xLabel} ${number(x, 6)}`;
    chart.lines.forEach((line, i) => {
      const value = x === null ? null : valueAt(line, "y", x);
      chart.items[i].querySelector(".value").textContent = value === null ? "" : number(value, 4);
      const visible = value !== null && shown(chart, line) && paint(chart, line) !== "quiet";
      chart.dots[i].hidden = !visible;
      if (visible) {
        chart.dots[i].style.transform = `translate(${chart.plot.valToPos(x, "x")}px, ${chart.plot.valToPos(value, "y")}px)`;
      }
    });
    return x;
  };
  const nearest = (chart, x) => {
    const { top } = chart.plot.cursor;
    let best = null, least = 24;
    for (const line of chart.lines) {
      const value = shown(chart, line) ? valueAt(line, "y", x) : null;
      if (value === null) continue;
      const distance = Math.abs(chart.plot.valToPos(value, "y") - top);
      if (distance < least) [best, least] = [line.name, distance];
    }
    return best;
  };

  // ---- one figure
  const size = chart => {
    chart.box.classList.toggle("below", below(chart));
    const names = below(chart) ? 0 : Math.max(...chart.items.map(item => item.offsetWidth)) + 16;
    chart.list.style.width = names ? `${names}px` : "";
    return { width: chart.box.clientWidth - names, height: narrow.matches ? 260 : 340 };
  };
  const build = (box, figure) => {
    const chart = { ...figure, box, canvas: box.querySelector(".canvas"), list: box.querySelector(".legend") };
    chart.where = box.parentNode.querySelector(".where");
    chart.hint = chart.where.textContent;
    const { logX, logY } = figure;
    chart.lines = figure.lines.map(line => ({ ...line, x: figure.xs[line.x], logX, logY }));
    const from = Math.min(...chart.lines.map(line => line.x[0]));
    const to = Math.max(...chart.lines.map(line => line.x[line.x.length - 1]));
    const across = logX ? Math.log : x => x, back = logX ? Math.exp : x => x; // where x lies on its axis
    Object.assign(chart, { from, to, across, back });
    chart.items = chart.lines.map(line => {
      const item = document.createElement("li"), button = document.createElement("button");
      for (const part of ["name", "value"]) {
        const span = button.appendChild(document.createElement("span"));
        span.className = part;
        if (part === "name") span.textContent = span.title = line.name;
      }
      button.type = "button";
      button.onmouseenter = button.onfocus = () => light(line.name);
      button.onmouseleave = button.onblur = () => light(null);
      button.onclick = () => toggle(chart, line.name);
      item.append(button);
      chart.list.append(item);
      return item;
    });
    const logarithmic = count => ({
      splits: (u, i, low, high) => logTicks(low, high, count(u)), filter: (u, splits) => splits,
      values: (u, splits) => logLabels(splits),
    });
    const linear = { values: (u, splits, i, space, step) => ticks(splits, step) };
    const axis = { stroke: () => colour("muted"), font: '12px Inter, system-ui, sans-serif', ticks: { show: false }, incrs: steps };
    chart.plot = new uPlot({
      ...size(chart), pxAlign: 0, legend: { show: false }, focus: { alpha: 1 },
      padding: [10, 16, 0, 0],
      cursor: {
        y: false, points: { show: false }, focus: { prox: -1 }, drag: { x: true, y: false, dist: 6 },
        sync: { key: `x:${figure.xLabel}`, scales: ["x", null] },
      },
      scales: {
        // uPlot ranges x before y: y follows what is seen of the lines, also between the points that were kept.
        x: {
          time: false, distr: logX ? 3 : 1,
          range: (u, min, max) => chart.seen = min < max ? [min, max] : logX ? [min / 2, max * 2] : [min - 0.5, max + 0.5],
        },
        y: { distr: logY ? 3 : 1, range: () => extent(chart, ...chart.seen) },
      },
      axes: [
        { ...axis, size: 26, gap: 6, label: figure.xLabel, labelSize: 18, labelFont: axis.font, labelGap: 0, space: 80,
          grid: { show: false }, border: { show: true, stroke: () => colour("border"), width: 1 },
          ...(logX ? logarithmic(u => Math.max(1, Math.floor(u.bbox.width / devicePixelRatio / 110))) : linear) },
        { ...axis, gap: 8, grid: { stroke: () => colour("grid"), width: 1 }, space: logY ? 26 : 48,
          size: (u, values) => 16 + 6.8 * Math.max(3, ...(values || []).map(v => (v || "").length)),
          ...(logY ? logarithmic(() => 7) : linear) },
      ],
      series: [{}, ...chart.lines.map(line => ({
        label: line.name, pxAlign: 0, points: { show: line.x.length < 2 },
        stroke: () => colour(chart.crowded ? "quiet" : paint(chart, line)), width: chart.crowded ? 1 : 2,
        alpha: chart.crowded ? 0.45 : 1,
      }))],
      hooks: {
        drawAxes: [u => drawBands(chart, u)],
        draw: [u => { drawRaised(chart, u); placeNames(chart, u); }],
        setScale: [(u, key) => {
          if (key === "x") chart.reset.hidden = u.scales.x.min <= from && u.scales.x.max >= to;
        }],
        setCursor: [u => {
          if (!chart.dots) return;
          const x = readOut(chart);
          if (chart.over) light(x === null ? null : nearest(chart, x));
        }],
      },
    }, uPlot.join(chart.lines.map(line => [line.x, line.y])), (u, start) => {
      chart.plot = u;
      chart.reset = box.parentNode.querySelector(".reset");
      chart.canvas.append(u.root);
      start();
    });
    chart.dots = chart.lines.map(() => {
      const dot = chart.plot.over.appendChild(document.createElement("div"));
      dot.className = "dot";
      dot.hidden = true;
      return dot;
    });
    const zoom = range => {
      for (const other of charts) if (other.xLabel === chart.xLabel) other.plot.setScale("x", range(other));
    };
    const all = other => ({ min: other.from, max: other.to });
    chart.plot.over.addEventListener("mouseenter", () => { chart.over = true; });
    chart.plot.over.addEventListener("mouseleave", () => { chart.over = false; light(null); });
    chart.reset.onclick = () => zoom(all);
    chart.canvas.onkeydown = event => {
      const { left } = chart.plot.cursor, { x } = chart.plot.scales;
      const [min, max] = [across(x.min), across(x.max)];
      const middle = left >= 0 ? across(chart.plot.posToVal(left, "x")) : (min + max) / 2;
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const scale = { "+": 0.5, "=": 0.5, "-": 2 }[event.key];
      if (move) {
        const step = Math.max(chart.finest, (max - min) / 100) * (event.shiftKey ? 10 : 1);
        const to = Math.min(Math.max(middle + move * step, min), max);
        chart.plot.setCursor({ left: chart.plot.valToPos(back(to), "x"), top: 0 }, true, true);
      } else if (scale) {
        const half = (max - min) / 2 * scale;
        zoom(() => ({ min: Math.max(from, back(middle - half)), max: Math.min(to, back(middle + half)) }));
      } else if (event.key === "Escape" || event.key === "0") {
        zoom(all);
      } else return;
      event.preventDefault();
    };
    box.parentNode.querySelector(".csv").onclick = event => {
      // A spreadsheet takes a text that begins like this for a formula.
      const plain = text => /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
      const quoted = text => `"${plain(text).replaceAll('"', '""')}"`;
      const rows = [["line", chart.xLabel, chart.yLabel, "low", "high"].map(quoted)];
      for (const line of chart.lines) {
        line.x.forEach((x, i) => rows.push([quoted(line.name), x, line.y[i], line.low?.[i], line.high?.[i]]));
      }
      const text = rows.map(row => row.map(cell => cell ?? "").join(",")).join("\r\n");
      event.currentTarget.href = `data:text/csv;charset=utf-8,${encodeURIComponent(text)}`;
    };
    charts.push(chart);
  };

  const resize = () => {
    for (const chart of charts) chart.plot.setSize(size(chart));
  };
  document.fonts.ready.then(() => {
    document.querySelectorAll(".plot").forEach((box, i) => build(box, report.figures[i]));
    refresh();
    addEventListener("resize", resize);
    dark.addEventListener("change", refresh);
    for (const row of document.querySelectorAll("[data-line]")) {
      row.onmouseenter = () => light(row.dataset.line);
      row.onmouseleave = () => light(null);
    }
    const main = document.querySelector("main");
    const printing = on => {
      root.dataset.theme = on ? "light" : "";
      main.style.maxWidth = on ? "738px" : ""; // an A4 page, and the padding that it does not have
      lit = null;
      resize();
      refresh();
    };
    addEventListener("beforeprint", () => printing(true));
    addEventListener("afterprint", () => printing(false));
  });
})();
