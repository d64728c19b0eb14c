// Conveniences for a report that is complete without them: sorting, filtering and CSV of tables, tabs,
// the place in the contents. No request ever leaves the page.
(() => {
  const ko = document.documentElement.lang.startsWith("ko");
  const say = ko
    ? { csv: "CSV 내려받기", sort: "정렬", filter: "표에서 찾기", of: "표" }
    : { csv: "Download CSV", sort: "sort", filter: "Find in table", of: "Table" };
  const make = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  const text = (cell) => cell.innerText.trim();
  // ASCII and Unicode minus, thousands separators, %, 점: what a reader takes for the number
  const number = (words) => {
    const found = words.replace(/[−–]/g, "-").replace(/,/g, "").match(/^[^\d-]*(-?\d+(\.\d+)?)/);
    return found ? parseFloat(found[1]) : NaN;
  };
  const rowsOf = (table) => [...table.tBodies[0].rows];

  // sorting helps where a column holds figures; a table of words keeps its order
  const hasFigures = (table) => [...table.rows[0].cells].some((_, column) => {
    const cells = rowsOf(table).map((row) => text(row.cells[column] ?? row)).filter((words) => words);
    return cells.length > 2 && cells.every((words) => words.length < 14 && !Number.isNaN(number(words)));
  });
  const sortable = (table) => {
    if (!hasFigures(table)) return;
    if (rowsOf(table).some((row) => [...row.cells].some((cell) => cell.rowSpan > 1 || cell.colSpan > 1))) return;
    [...table.tHead.rows[table.tHead.rows.length - 1].cells].forEach((head, column) => {
      if (!text(head)) return;
      const button = make("button", { type: "button", className: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of head.parentNode.cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const keyed = rowsOf(table).map((row) => [row, text(row.cells[column]), number(text(row.cells[column]))]);
        const numeric = keyed.filter(([, words]) => words).some(([, , value]) => !Number.isNaN(value));
        keyed.sort(([, a, x], [, b, y]) => {
          if (!numeric) return (up ? 1 : -1) * a.localeCompare(b, document.documentElement.lang);
          if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
          return (up ? 1 : -1) * (x - y);
        });
        table.tBodies[0].append(...keyed.map(([row]) => row));
      });
    });
  };

  // a value that a spreadsheet would run as a formula is written as text
  const csvField = (words) => {
    const safe = /^[=+@\t\r]/.test(words) || /^-(?!\d)/.test(words) ? "'" + words : words;
    return /[",\n]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  };
  const download = (table, name) => {
    const lines = [...table.rows].map((row) => [...row.cells].map((cell) => csvField(text(cell))).join(","));
    const url = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n")], { type: "text/csv" }));
    make("a", { href: url, download: name + ".csv" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };

  document.querySelectorAll(".table-scroll").forEach((region) => {
    const table = region.querySelector("table");
    const fits = () => {
      if (region.scrollWidth <= region.clientWidth + 1) region.removeAttribute("tabindex");
      else region.tabIndex = 0;
    };
    fits();
    addEventListener("resize", fits);
    if (!table || !table.tHead || !table.tBodies.length) return;
    const label = region.getAttribute("aria-label");
    const tools = make("div", { className: "table-tools" });
    if (rowsOf(table).length > 2) sortable(table);
    if (rowsOf(table).length > 12) {
      const field = make("input", { type: "search", placeholder: say.filter });
      field.setAttribute("aria-label", `${say.filter}: ${label}`);
      field.addEventListener("input", () => {
        const wanted = field.value.trim().toLowerCase();
        rowsOf(table).forEach((row) => { row.hidden = !row.innerText.toLowerCase().includes(wanted) && wanted !== ""; });
      });
      tools.append(field);
    }
    const button = make("button", { type: "button", textContent: say.csv });
    button.setAttribute("aria-label", `${say.csv}: ${label}`);
    button.addEventListener("click", () => download(table, label.replace(/[\\/:*?"<>|]+/g, " ").slice(0, 60)));
    tools.append(button);
    region.after(tools);
  });

  document.querySelectorAll("div.panel-tabset").forEach((set, index) => {
    const panels = [...set.querySelectorAll(":scope > .tab-panel")];
    if (!panels.length) return; // Quarto made its own tabs
    const list = make("div");
    list.setAttribute("role", "tablist");
    const tabs = panels.map((panel, i) => {
      const title = panel.querySelector(":scope > .tab-title");
      const tab = make("button", { type: "button", id: `tab-${index}-${i}` });
      tab.append(...title.childNodes);
      title.remove();
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", (panel.id = `panel-${index}-${i}`));
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      panel.tabIndex = 0;
      list.append(tab);
      return tab;
    });
    const choose = (i, focus) => {
      tabs.forEach((tab, j) => {
        tab.setAttribute("aria-selected", String(i === j));
        tab.tabIndex = i === j ? 0 : -1;
        panels[j].hidden = i !== j;
      });
      if (focus) tabs[i].focus();
    };
    tabs.forEach((tab, i) => {
      tab.addEventListener("click", () => choose(i));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step) choose((i + step + tabs.length) % tabs.length, true);
        else if (event.key === "Home") choose(0, true);
        else if (event.key === "End") choose(tabs.length - 1, true);
        else return;
        event.preventDefault();
      });
    });
    set.prepend(list);
    choose(0);
  });

  const contents = document.querySelector("#TOC");
  const fold = document.querySelector("#TOC > details");
  if (fold && matchMedia("(max-width: 63.99rem)").matches) fold.open = false;
  if (contents && "IntersectionObserver" in window) {
    const links = new Map([...contents.querySelectorAll("a[href^='#']")].map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting || !links.has(entry.target.id)) continue;
        links.forEach((a) => a.removeAttribute("aria-current"));
        links.get(entry.target.id).setAttribute("aria-current", "location");
      }
    }, { rootMargin: "0px 0px -75% 0px" });
    document.querySelectorAll("main section[id]").forEach((section) => seen.observe(section));
  }
  addEventListener("beforeprint", () => { if (fold) fold.open = true; });
})();
