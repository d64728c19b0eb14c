// The filters of the first page: by name and, where bodies have types, by type. Without JavaScript the whole grid is there.
(() => {
  const none = document.currentScript.dataset.none;
  const rows = [...document.querySelectorAll("#grid tbody tr")].map((row) => [row, row.cells[0].textContent.toLowerCase()]);
  const name = document.getElementById("name"), type = document.getElementById("type"), empty = document.getElementById("empty");
  const show = () => {
    const words = name.value.normalize("NFC").trim().toLowerCase();
    let seen = 0;
    for (const [row, text] of rows) {
      row.hidden = !(text.includes(words) && (!type?.value || row.dataset.type === type.value));
      seen += !row.hidden;
    }
    empty.textContent = seen ? "" : none;
  };
  name.addEventListener("input", show);
  type?.addEventListener("change", show);
  document.querySelector(".tools").hidden = false;
})();
