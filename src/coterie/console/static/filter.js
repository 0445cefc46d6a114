// Puts a search box above long lists of choices (data-filter names what is searched).
const LONG = 8;

export function offerFilters(root) {
  for (const list of root.querySelectorAll("[data-filter]")) {
    const rows = [...list.querySelectorAll(".choice")];
    if (rows.length < LONG) continue;
    const box = document.createElement("input");
    box.type = "search";
    box.placeholder = `Search ${list.dataset.filter}`;
    box.setAttribute("aria-label", box.placeholder);
    box.addEventListener("input", () => {
      const wanted = box.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    box.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    list.insertAdjacentElement("beforebegin", box);
  }
}
