// What pages do beyond links and forms: look again while something is at work, and show what is behind a number.
const fragment = address => address + (address.includes("?") ? "&" : "?") + "fragment";
const get = async address => {
  const answer = await fetch(fragment(address), { credentials: "same-origin" });
  return answer.ok || answer.status === 404 || answer.status === 422 ? answer.text() : null;
};
const focusable = root => [...root.querySelectorAll("a, button, input, select, summary, textarea")];

function watch(root) {
  for (const place of root.querySelectorAll("[data-poll]")) {
    setTimeout(async () => {
      const box = place.closest("[data-load]") || document.getElementById("main");
      const text = await get(place.dataset.poll).catch(() => null);
      if (!document.contains(place)) return;
      if (text === null) return watch(box); // the server is busy: again later
      const at = focusable(box).indexOf(document.activeElement);
      const open = [...box.querySelectorAll("details")].map(d => d.open);
      box.innerHTML = text;
      box.querySelectorAll("details").forEach((d, i) => { d.open = open[i] ?? d.open; });
      if (at >= 0) focusable(box)[at]?.focus();
      begin(box);
    }, 1200);
  }
}

function begin(root) {
  watch(root);
  for (const place of root.querySelectorAll("[data-load]"))
    get(place.dataset.load).then(text => { if (text !== null) { place.innerHTML = text; begin(place); } });
  for (const form of root.querySelectorAll("form[data-into]"))
    form.addEventListener("submit", event => {
      event.preventDefault();
      show(form.action + "?" + new URLSearchParams(new FormData(form)), document.getElementById(form.dataset.into));
    });
  for (const zone of root.querySelectorAll(".drop")) {
    const input = zone.querySelector("input[type=file]");
    for (const name of ["dragover", "dragenter"]) zone.addEventListener(name, e => { e.preventDefault(); zone.classList.add("over"); });
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
    zone.addEventListener("drop", e => { e.preventDefault(); input.files = e.dataTransfer.files; input.dispatchEvent(new Event("change")); });
  }
}

async function show(address, place) {
  const text = await get(address);
  if (text !== null) { place.innerHTML = text; begin(place); }
}

addEventListener("message", event => { // a click in a shown report, which lives in an origin of its own
  const frame = [...document.querySelectorAll("iframe[data-numbers]")].find(f => f.contentWindow === event.source);
  const id = event.data && event.data.number;
  if (frame && typeof id === "string" && /^[0-9A-Za-z_-]{4,64}$/.test(id)) show(frame.dataset.numbers + id, document.getElementById("number"));
});
begin(document);
