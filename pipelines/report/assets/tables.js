// Makes the tables sort, filter and copy, in the way of the page's language.
const Tables = (() => {
  "use strict";
  const { texts } = Charts;
  const language = document.documentElement.lang;
  const isGerman = language === "de";
  const LONG = 8; // rows from which filtering is worth a field
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const said = document.getElementById("said");
  const plain = (text) => (isGerman ? text.replace(/\./g, "").replace(",", ".") : text.replace(/,/g, ""))
    .replace("−", "-");

  const number = (text) => {
    const digits = plain(text).replace(/[%<\s]/g, "");
    return digits !== "" && !Number.isNaN(+digits) ? +digits : null;
  };
  // 31.01.2026 and 01.2026 sort as 2026-01-31 and 2026-01 do
  const dated = (text) => (isGerman && /^(\d\d\.)?\d\d\.\d{4}/.test(text)
    ? text.match(/^[\d.]+/)[0].split(".").reverse().join("-") : null);

  function compare(a, b) {
    const [when, then] = [dated(a), dated(b)];
    if (when && then) return when.localeCompare(then);
    const [x, y] = [number(a), number(b)];
    if (x !== null && y !== null) return x - y;
    if (x !== null || y !== null) return x === null ? -1 : 1;
    return a.localeCompare(b, language, { numeric: true });
  }

  function sortBy(header, order) {
    const table = header.closest("table");
    const at = header.cellIndex;
    for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const text = (row) => row.cells[at].textContent.trim();
    const isRest = (row) => row.classList.contains("rest");
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort((a, b) =>
      isRest(a) - isRest(b) || sign * compare(text(a), text(b))));
  }

  function turned(header) {
    const before = header.getAttribute("aria-sort");
    const isWord = header.cellIndex === 0 || header.classList.contains("word");
    return (before ?? (isWord ? "descending" : "ascending")) === "ascending"
      ? "descending" : "ascending";
  }

  function filter(table, wanted) {
    const words = wanted.toLocaleLowerCase(language).split(/\s+/).filter(Boolean);
    const rows = [...table.tBodies[0].rows];
    for (const row of rows) {
      const text = row.textContent.toLocaleLowerCase(language);
      row.hidden = !words.every((word) => text.includes(word));
    }
    const shown = rows.filter((row) => !row.hidden).length;
    said.textContent = texts.shown.replace("{n}", shown).replace("{all}", rows.length);
  }

  // rows and columns as they are shown; German spreadsheets part cells by semicolon
  function csv(table) {
    const cell = (c) => {
      const text = c.textContent.trim().replace(/\s+/g, " ");
      if (/^[+-]?\d+(\.\d+)?$/.test(plain(text)) && !dated(text)) {
        return isGerman ? plain(text).replace(".", ",") : plain(text);
      }
      const safe = /^[=+@\-\t]/.test(text) ? `'${text}` : text; // spreadsheets run formulas
      return `"${safe.replace(/"/g, '""')}"`;
    };
    return [...table.rows].filter((row) => !row.hidden)
      .map((row) => [...row.cells].filter((c) => c.getClientRects().length).map(cell)
        .join(isGerman ? ";" : ",")).join("\r\n");
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
    said.textContent = texts.copied;
  }

  function button(words, label, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }

  // gives a table its sorting headers, its copy button and, if long, its field to filter by
  function furnish(table, changed) {
    for (const header of all("thead th", table)) {
      const inner = document.createElement("button");
      inner.type = "button";
      inner.append(...header.childNodes);
      inner.addEventListener("click", () => {
        sortBy(header, turned(header));
        changed(table);
      });
      header.append(inner);
    }
    const caption = table.caption.textContent.trim();
    const bar = document.createElement("div");
    bar.className = "tools";
    bar.append(button(texts.copy, `${texts.copy}: ${caption}`, () => copy(csv(table))));
    if (table.tBodies[0].rows.length >= LONG) {
      const field = document.createElement("input");
      field.type = "search";
      field.placeholder = texts.filter;
      field.setAttribute("aria-label", `${texts.filter}: ${caption}`);
      field.addEventListener("input", () => {
        filter(table, field.value);
        changed(table);
      });
      bar.append(field);
    }
    table.parentElement.after(bar);
  }

  const field = (table) => table.parentElement.nextElementSibling?.querySelector("input") ?? null;

  // "2d" is descending by the third column
  function state(table) {
    const header = table.querySelector("th[aria-sort]");
    const order = header && `${header.cellIndex}${header.getAttribute("aria-sort")[0]}`;
    return { sort: order ?? "", filter: field(table)?.value ?? "" };
  }

  function restore(table, { sort, filter: wanted }) {
    const header = table.tHead.rows[0].cells[Number.parseInt(sort, 10)];
    if (header) sortBy(header, sort.endsWith("d") ? "descending" : "ascending");
    if (wanted && field(table)) {
      field(table).value = wanted;
      filter(table, wanted);
    }
  }

  return { furnish, state, restore };
})();
