// Starts the page, and keeps what is chosen in its address, so that a link shows the same.
(() => {
  "use strict";
  const { models, hidden } = Charts;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;
  const select = document.getElementById("currency");
  const currencyNow = () => (select ? select.value : Charts.currencies[0]);
  let section = "";

  // ---- what is shown -----------------------------------------------------------------------

  function show() {
    for (const block of all("[data-currency].block")) {
      block.hidden = block.dataset.currency !== currencyNow();
    }
    for (const [m] of models.entries()) root.classList.toggle(`no-m${m}`, hidden.has(m));
    for (const key of all(".legend button")) key.setAttribute("aria-pressed", !hidden.has(+key.value));
    for (const group of all("[data-switch]")) choose(group);
    for (const figure of all(".chart")) Charts.draw(figure);
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

  function toggle(m) {
    if (hidden.has(m)) hidden.delete(m);
    else if (hidden.size < models.length - 1) hidden.add(m); // one must stay
    for (const figure of all(".chart")) figure.drawnAt = 0;
  }

  function legends() {
    for (const legend of all(".legend")) {
      for (const [m, model] of models.entries()) {
        const key = document.createElement("button");
        key.type = "button";
        key.value = m;
        key.append(Charts.mark(m), model);
        key.addEventListener("click", () => {
          toggle(m);
          changed(key);
        });
        legend.append(key);
      }
    }
  }

  // ---- the address -------------------------------------------------------------------------

  const named = () => all("main table").map((table) => {
    const within = table.closest("section");
    return [`${within.id}.${all("table", within).indexOf(table)}`, table];
  });

  function remember() {
    const told = new URLSearchParams();
    if (select && select.selectedIndex > 0) told.set("currency", select.value);
    for (const group of all("[data-switch]")) {
      const inputs = all("input", group);
      const chosen = inputs.find((input) => input.checked);
      if (chosen && chosen !== inputs[0]) told.set(group.dataset.switch, chosen.value);
    }
    if (hidden.size) told.set("without", [...hidden].map((m) => models[m]).join("~"));
    for (const [name, table] of named()) {
      const { sort, filter } = Tables.state(table);
      if (sort) told.set(`sort.${name}`, sort);
      if (filter) told.set(`filter.${name}`, filter);
    }
    const text = told.toString();
    history.replaceState(null, "", `#${section || "summary"}${text && "&"}${text}`);
  }

  function recall() {
    const [where, ...rest] = location.hash.slice(1).split("&");
    section = where;
    const told = new URLSearchParams(rest.join("&"));
    const currency = told.get("currency");
    if (select && Charts.currencies.includes(currency)) select.value = currency;
    for (const input of all("[data-switch] input")) {
      if (told.get(input.closest("[data-switch]").dataset.switch) === input.value) input.checked = true;
    }
    for (const model of (told.get("without") ?? "").split("~")) {
      if (models.includes(model)) toggle(models.indexOf(model));
    }
    for (const [name, table] of named()) {
      Tables.restore(table, {
        sort: told.get(`sort.${name}`) ?? "", filter: told.get(`filter.${name}`) ?? "",
      });
    }
    return rest.length > 0;
  }

  function changed(element) {
    section = element.closest("section")?.id ?? section;
    show();
    remember();
  }

  // ---- start -------------------------------------------------------------------------------

  function start() {
    legends();
    for (const table of all("main table")) Tables.furnish(table, changed);
    for (const input of all("[data-switch] input")) {
      input.addEventListener("change", () => changed(input));
    }
    if (select) {
      select.closest("label").hidden = false;
      select.addEventListener("change", () => changed(select));
    }
    const isDeep = recall();
    show();
    if (isDeep || section) document.getElementById(section)?.scrollIntoView();
    addEventListener("hashchange", () => { // a link of the page's own: keep what is chosen
      const where = location.hash.slice(1);
      if (!where.includes("&") && document.getElementById(where)) {
        section = where;
        remember();
      } else {
        location.reload();
      }
    });
    new ResizeObserver(() => all(".chart").forEach(Charts.draw)).observe(document.querySelector("main"));
    addEventListener("beforeprint", () => all("main details").forEach((d) => { d.open = true; }));
    root.dataset.ready = "";
  }

  requestAnimationFrame(() => setTimeout(start)); // the words are painted first
})();
