// Draws the charts. Without scripts every table is readable and the flow of paths is drawn.
const Charts = (() => {
  "use strict";
  const { models, currencies, texts } = JSON.parse(document.getElementById("data").textContent);
  const hidden = new Set(); // places of models that nobody wants to see
  const symbols = ["circle", "square", "triangle", "diamond", "star", "cross", "wye", "hexagon"];
  const symbolTypes = {
    circle: d3.symbolCircle, square: d3.symbolSquare, triangle: d3.symbolTriangle,
    diamond: d3.symbolDiamond, star: d3.symbolStar, cross: d3.symbolCross, wye: d3.symbolWye,
    hexagon: d3.symbolAsterisk,
  };
  const look = (i) => ({ color: `var(--m${i % 8})`, symbol: symbols[(i + (i >> 3)) % 8] });
  const language = document.documentElement.lang;
  const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const exact = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const day = language === "de"
    ? new Intl.DateTimeFormat("de", { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" })
    : { format: (date) => date.toISOString().slice(0, 10) };
  const tick = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
  const shorten = (text, most) => (text.length > most ? text.slice(0, most - 1) + "…" : text);

  function dots(figure, lines, measure, unit) {
    const shown = lines.filter((l) => !l.rest && l[measure].some((v, m) => v !== null && !hidden.has(m)))
      .slice(0, figure.dataset.chart === "campaigns" ? 15 : 40);
    if (!shown.length) return null;
    const width = figure.clientWidth;
    const isNarrow = width < 560;
    const letters = isNarrow ? 15 : 30;
    const longest = Math.max(...shown.map((l) => Math.min(l.label.length, letters)));
    const on = models.map((_, m) => m).filter((m) => !hidden.has(m));
    const gap = Math.min(3.4, 20 / on.length);
    const known = (l) => on.map((m) => l[measure][m]).filter((v) => v !== null);
    const low = (l) => Math.min(...known(l));
    const high = (l) => Math.max(...known(l));
    const tip = (l) => [l.label, l.group, ...on.map((m) =>
      `${models[m]}  ${l[measure][m] === null ? "–" : exact.format(l[measure][m])}`)]
      .filter(Boolean).join("\n");
    const marks = shown.map((l, i) => i);
    return Plot.plot({
      width, height: shown.length * 30 + 60, marginTop: 8, marginRight: 24, marginBottom: 44,
      marginLeft: 12 + longest * 7.2,
      x: { label: `${unit} →`, labelAnchor: "right", labelArrow: "none", labelOffset: 40,
           grid: true, nice: true,
           ticks: Math.max(2, Math.min(8, Math.floor((width - 36 - longest * 7.2) / 75))), tickFormat: (v) => compact.format(v) },
      y: { type: "band", domain: marks, label: null, tickSize: 0, padding: 0.1,
           tickFormat: (i) => shorten(shown[i].label, letters) },
      marks: [
        Plot.ruleX([0], { stroke: "var(--soft)" }),
        measure === "roas" ? Plot.ruleX([1], { stroke: "var(--soft)", strokeDasharray: "4 3" }) : null,
        Plot.barX(marks, { y: (i) => i, x1: (i) => low(shown[i]), x2: (i) => high(shown[i]),
          fill: "var(--band)", insetTop: 1, insetBottom: 1, insetLeft: -7, insetRight: -7, rx: 3 }),
        on.map((m, at) => Plot.dot(marks, { y: (i) => i, x: (i) => shown[i][measure][m],
          dy: (at - (on.length - 1) / 2) * gap, r: 3.6, ...fill(m) })),
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
      grid.append(panel(one.type, texts.conversions_per_day, dates, one.conversions, width));
      if (currency !== "XXX") {
        grid.append(panel(one.type, texts.value_per_day.replace("{currency}", currency), dates, one.value, width));
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
    const title = (i) => `${day.format(dates[i])}\n${exact.format(figures[i])} ${unit}`;
    box.append(name, Plot.plot({
      width, height: 160, marginTop: 12, marginLeft: 44, marginRight: 20, marginBottom: 36,
      x: { type: "utc", label: null, tickFormat: (date) => tick.format(date),
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

  function mark(m) {
    const { color, symbol } = look(m);
    const svg = d3.create("svg").attr("width", 14).attr("height", 14).attr("viewBox", "-7 -7 14 14")
      .attr("aria-hidden", "true");
    svg.append("path").attr("d", d3.symbol(symbolTypes[symbol], 52)())
      .style(symbol === "hexagon" ? "stroke" : "fill", color);
    return svg.node();
  }

  return { draw, mark, hidden, models, texts, currencies: Object.keys(currencies) };
})();
