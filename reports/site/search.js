// Full-text search from disk: index and texts are scripts that call csiReports, csiPairs and csiText.
(() => {
  const ko = document.documentElement.lang.startsWith("ko");
  const say = ko
    ? { short: "두 글자 이상을 넣으십시오.", none: "찾는 말이 들어 있는 곳이 없습니다.", more: "더 보기",
        found: (n, shown) => `보고서 ${n}개에서 찾음, ${shown}곳 표시` }
    : { short: "Enter two letters or more.", none: "Nothing was found.", more: "Show more",
        found: (n, shown) => `Found in ${n} reports, ${shown} places shown` };
  const SHARDS = 64, STEP = 20, LONGEST = 160;
  const status = document.getElementById("status"), list = document.getElementById("results");
  const loaded = new Map(), waiting = new Map();
  const load = (name) => {
    if (!loaded.has(name)) loaded.set(name, new Promise((done, fail) => {
      const script = document.createElement("script");
      script.src = `search/${name}.js`;
      script.onload = () => done(waiting.get(name));
      script.onerror = fail;
      document.head.append(script);
    }));
    return loaded.get(name);
  };
  window.csiReports = (value) => waiting.set("reports", value);
  window.csiPairs = (number, value) => waiting.set(`i-${number}`, value);
  window.csiText = (place, value) => waiting.set(`t-${place.replace("/", "-")}`, value);

  // the same sum as shard_of in search.py
  const shardOf = (pair) => {
    let sum = 0;
    for (let i = 0; i < pair.length; i++) sum += pair.charCodeAt(i);
    return sum % SHARDS;
  };
  const bitsOf = (text, size) => {
    if (text === undefined) return new Uint8Array(size);
    if (text === "") return new Uint8Array(size).fill(255);
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  };
  const candidates = async (words, reports) => {
    const size = Math.ceil(reports.length / 8), all = new Uint8Array(size).fill(255);
    for (const word of words) for (let i = 0; i + 1 < word.length; i++) {
      const pair = word.slice(i, i + 2), pairs = await load(`i-${shardOf(pair)}`);
      const bits = bitsOf(Object.hasOwn(pairs, pair) ? pairs[pair] : undefined, size);
      for (let k = 0; k < size; k++) all[k] &= bits[k];
    }
    return reports.filter((_, k) => all[k >> 3] & (1 << (k & 7)));
  };
  const marked = (text, words) => {
    const low = text.toLowerCase(), at = Math.max(0, Math.min(...words.map((w) => low.indexOf(w)).filter((p) => p >= 0), text.length) - 40);
    const part = text.slice(at, at + LONGEST), out = document.createElement("p");
    let from = 0;
    const lowPart = part.toLowerCase();
    while (from < part.length) {
      const hits = words.map((w) => [lowPart.indexOf(w, from), w]).filter(([p]) => p >= 0).sort(([a], [b]) => a - b);
      if (!hits.length) break;
      const [position, word] = hits[0], mark = document.createElement("mark");
      mark.textContent = part.slice(position, position + word.length);
      out.append(part.slice(from, position), mark);
      from = position + word.length;
    }
    out.prepend(at ? "…" : "");
    out.append(part.slice(from), at + LONGEST < text.length ? "…" : "");
    return out;
  };
  const entry = ([place, name, period], [anchor, heading, text], words) => {
    const item = document.createElement("li"), link = document.createElement("a"), where = document.createElement("span");
    link.href = `../${place}/report.html#${encodeURIComponent(anchor)}`;
    link.textContent = heading || name;
    where.className = "place";
    where.textContent = ` ${name} · ${period}`;
    item.append(link, where, marked(text, words));
    return item;
  };
  const search = async (query) => {
    const words = query.normalize("NFC").toLowerCase().split(/\s+/).filter((w) => w.length > 1);
    list.replaceChildren();
    if (!words.length) { status.textContent = query ? say.short : ""; return; }
    const reports = await load("reports"), found = await candidates(words, reports);
    let next = 0, shown = 0, hits = 0;
    const more = async () => {
      const goal = shown + STEP;
      while (next < found.length && shown < goal) {
        const report = found[next++], sections = await load(`t-${report[0].replace("/", "-")}`);
        const holding = sections.filter(([, heading, text]) => {
          const all = `${heading} ${text}`.toLowerCase();
          return words.every((w) => all.includes(w));
        });
        hits += holding.length > 0;
        for (const section of holding) { list.append(entry(report, section, words)); shown++; }
      }
      status.textContent = shown ? say.found(next < found.length ? found.length : hits, shown) : say.none;
      button.remove();
      if (next < found.length) list.after(button);
    };
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = say.more;
    button.addEventListener("click", more);
    await more();
  };
  const query = new URLSearchParams(location.search).get("q") || "", field = document.getElementById("find");
  field.value = query;
  search(query);
  field.form.addEventListener("submit", (event) => { // the address changes without loading the page anew
    event.preventDefault();
    try { history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`); } catch { /* some browsers refuse for files */ }
    search(field.value);
  });
})();
