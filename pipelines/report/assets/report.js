// Draws the charts, and makes the tables switch, sort and copy. Without it every table is readable.
(() => {
  "use strict";
  const { models, currencies } = JSON.parse(document.getElementById("data").textContent);
  const symbols = ["circle", "square", "triangle", "diamond", "star", "cross", "wye", "hexagon"];
  const symbolTypes = {
    circle: d3.symbolCircle, square: d3.symbolSquare, triangle: d3.symbolTriangle,
    diamond: d3.symbolDiamond, star: d3.symbolStar, cross: d3.symbolCross, wye: d3.symbolWye,
    hexagon: d3.symbolAsterisk,
  };
  const look = (i) => ({ color: `var(--m${i % 8})`, symbol: symbols[(i + (i >> 3)) % 8] });
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const shorten = (text, most) => (text.length > most ? text.slice(0, most - 1) + "…" : text);

  // ---- charts ------------------------------------------------------------------------------

  function dots(figure, lines, measure, unit) {
    const shown = lines.filter((l) => !l.rest && l[measure].some((v) => v !== null))
      .slice(0, figure.dataset.chart === "campaigns" ? 15 : 40);
    if (!shown.length) return null;
    const width = figure.clientWidth;
    const isNarrow = width < 560;
    const letters = isNarrow ? 15 : 30;
    const longest = Math.max(...shown.map((l) => Math.min(l.label.length, letters)));
    const gap = Math.min(3.4, 20 / models.length);
    const known = (l) => l[measure].filter((v) => v !== null);
    const low = (l) => Math.min(...known(l));
    const high = (l) => Math.max(...known(l));
    const tip = (l) => [l.label, l.group, ...models.map((m, i) =>
      `${m}  ${l[measure][i] === null ? "–" : exact.format(l[measure][i])}`)]
      .filter(Boolean).join("\n");
    const marks = shown.map((l, i) => i);
    return Plot.plot({
      width, height: shown.length * 30 + 60, marginTop: 8, marginRight: 24, marginBottom: 44,
      marginLeft: 12 + longest * 7.2,
      x: { label: `${unit} →`, labelAnchor: "right", labelArrow: "none", labelOffset: 40,
           grid: true, nice: true,
           ticks: isNarrow ? 4 : 8, tickFormat: (v) => compact.format(v) },
      y: { type: "band", domain: marks, label: null, tickSize: 0, padding: 0.1,
           tickFormat: (i) => shorten(shown[i].label, letters) },
      marks: [
        Plot.ruleX([0], { stroke: "var(--soft)" }),
        measure === "roas" ? Plot.ruleX([1], { stroke: "var(--soft)", strokeDasharray: "4 3" }) : null,
        Plot.barX(marks, { y: (i) => i, x1: (i) => low(shown[i]), x2: (i) => high(shown[i]),
          fill: "var(--band)", insetTop: 1, insetBottom: 1, insetLeft: -7, insetRight: -7, rx: 3 }),
        models.map((_, m) => Plot.dot(marks, { y: (i) => i, x: (i) => shown[i][measure][m],
          dy: (m - (models.length - 1) / 2) * gap, r: 3.6, ...fill(m) })),
        Plot.tip(marks, Plot.pointerY({ y: (i) => i, x: (i) => high(shown[i]),
          title: (i) => tip(shown[i]), lineHeight: 1.3, stroke: "var(--line)", anchor: isNarrow ? "top" : undefined })),
      ],
    });
  }

  function fill(m) {
    const { color, symbol } = look(m);
    const type = symbolTypes[symbol];
    return type === d3.symbolAsterisk ? { stroke: color, symbol: type } : { fill: color, symbol: type };
  }

  function overTime(figure, { days, series }, currency) {
    if (days.length < 2) return null;
    const grid = document.createElement("div");
    grid.className = "multiples";
    const isWide = figure.clientWidth >= 560 && currency !== "XXX";
    const width = isWide ? (figure.clientWidth - 32) / 2 : figure.clientWidth;
    if (!isWide) grid.style.gridTemplateColumns = "1fr";
    const dates = days.map((d) => new Date(d));
    for (const one of series) {
      grid.append(panel(one.type, "conversions per day", dates, one.conversions, width));
      if (currency !== "XXX") {
        grid.append(panel(one.type, `net value per day, ${currency}`, dates, one.value, width));
      }
    }
    return grid;
  }

  function panel(type, unit, dates, figures, width) {
    const box = document.createElement("div");
    const name = document.createElement("p");
    const strong = document.createElement("strong");
    strong.textContent = type;
    name.append(strong, ` ${unit}`);
    const at = dates.map((_, i) => i);
    const title = (i) => `${dates[i].toISOString().slice(0, 10)}\n${exact.format(figures[i])} ${unit}`;
    box.append(name, Plot.plot({
      width, height: 160, marginTop: 12, marginLeft: 44, marginRight: 20, marginBottom: 36,
      x: { type: "utc", label: null, 
           ticks: dates.length < 10 ? "day" : Math.max(2, Math.round(width / 110)) },
      y: { label: null, grid: true, ticks: 4, tickFormat: (v) => compact.format(v), zero: true },
      marks: [
        Plot.rectY(at, { x: (i) => dates[i], y: (i) => figures[i], interval: "day",
          fill: "var(--fill)", inset: 0, insetRight: dates.length > 120 ? 0 : 1 }),
        Plot.ruleY([0], { stroke: "var(--soft)" }),
        dates.length < 14 ? null : Plot.lineY(at, Plot.windowY({ k: 7, anchor: "end" },
          { x: (i) => +dates[i] + 432e5, y: (i) => figures[i], stroke: "var(--accent)", strokeWidth: 1.6 })),
        Plot.tip(at, Plot.pointerX({ x: (i) => +dates[i] + 432e5, y: (i) => figures[i], title,
          stroke: "var(--line)" })),
      ],
    }));
    return box;
  }

  function draw(figure) {
    const { chart, currency, measure, unit } = figure.dataset;
    if (!figure.clientWidth || figure.drawnAt === figure.clientWidth) return;
    figure.drawnAt = figure.clientWidth;
    const of = currencies[currency];
    const drawn = chart === "time"
      ? overTime(figure, of.time, currency) : dots(figure, of[chart], measure, unit);
    // the figure has its label and the table the figures: the marks would only be noise when read
    drawn?.setAttribute("aria-hidden", "true");
    figure.replaceChildren(...(drawn ? [drawn] : []));
    figure.hidden = !drawn;
  }

  function legends() {
    for (const legend of all(".legend")) {
      for (const [i, model] of models.entries()) {
        const { color, symbol } = look(i);
        const path = d3.symbol(symbolTypes[symbol], 52)();
        const paint = symbol === "hexagon" ? "stroke" : "fill";
        const svg = d3.create("svg").attr("width", 14).attr("height", 14)
          .attr("viewBox", "-7 -7 14 14");
        svg.append("path").attr("d", path).style(paint, color);
        const item = document.createElement("span");
        item.append(svg.node(), model);
        legend.append(item);
      }
    }
  }

  // ---- switches ----------------------------------------------------------------------------

  const select = document.getElementById("currency");
  const currencyNow = () => (select ? select.value : Object.keys(currencies)[0]);

  function show() {
    for (const block of all("[data-currency].block")) {
      block.hidden = block.dataset.currency !== currencyNow();
    }
    for (const group of all("[data-switch]")) choose(group);
    for (const figure of all(".chart")) draw(figure);
  }

  function choose(group) {
    const panels = all(`[data-panel="${group.dataset.switch}"]`)
      .filter((p) => [undefined, currencyNow()].includes(p.closest(".block")?.dataset.currency));
    const offered = panels.map((p) => p.dataset.measure);
    const inputs = all("input", group);
    for (const input of inputs) input.disabled = !offered.includes(input.value);
    const chosen = inputs.find((i) => i.checked && !i.disabled) ?? inputs.find((i) => !i.disabled);
    if (chosen) chosen.checked = true;
    for (const p of panels) p.hidden = p.dataset.measure !== chosen?.value;
    group.hidden = offered.length < 2;
    if (group.nextElementSibling?.matches(".legend")) group.nextElementSibling.hidden = !chosen;
  }

  // ---- tables ------------------------------------------------------------------------------

  const number = (text) => {
    const plain = text.replace(/[,%<\s]/g, "").replace("−", "-");
    return plain !== "" && !Number.isNaN(+plain) ? +plain : null;
  };

  function compare(a, b) {
    const [x, y] = [number(a), number(b)];
    if (x !== null && y !== null) return x - y;
    if (x !== null || y !== null) return x === null ? -1 : 1;
    return a.localeCompare(b, "en");
  }

  function sortBy(header) {
    const table = header.closest("table");
    const at = header.cellIndex;
    const before = header.getAttribute("aria-sort");
    const isWord = at === 0 || header.classList.contains("word");
    const order = (before ?? (isWord ? "descending" : "ascending")) === "ascending"
      ? "descending" : "ascending";
    for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const text = (row) => row.cells[at].textContent.trim();
    const isRest = (row) => row.classList.contains("rest");
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort((a, b) =>
      isRest(a) - isRest(b) || sign * compare(text(a), text(b))));
  }

  function csv(table) {
    const cell = (c) => {
      const text = c.textContent.trim().replace(/\s+/g, " ");
      const asNumber = text.replace(/,/g, "").replace("−", "-");
      if (/^-?\d+(\.\d+)?$/.test(asNumber)) return asNumber;
      const safe = /^[=+@\-\t]/.test(text) ? `'${text}` : text; // spreadsheets run formulas
      return `"${safe.replace(/"/g, '""')}"`;
    };
    return [...table.rows].map((row) => [...row.cells].map(cell).join(",")).join("\r\n");
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // pages opened from disk may not have the clipboard
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  function furnish(table) {
    for (const header of all("thead th", table)) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sortBy(header));
      header.append(button);
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy as CSV";
    button.setAttribute("aria-label", `Copy as CSV: ${table.caption.textContent}`);
    button.addEventListener("click", async () => {
      await copy(csv(table));
      document.getElementById("said").textContent = "Table copied as CSV";
    });
    table.parentElement.after(button);
  }

  // ---- start -------------------------------------------------------------------------------

  legends();
  all("table").forEach(furnish);
  for (const input of all("[data-switch] input")) input.addEventListener("change", show);
  if (select) {
    select.closest("label").hidden = false;
    select.addEventListener("change", show);
  }
  show();
  new ResizeObserver(() => all(".chart").forEach(draw)).observe(document.querySelector("main"));
  addEventListener("beforeprint", () => all("main details").forEach((d) => { d.open = true; }));
})();
