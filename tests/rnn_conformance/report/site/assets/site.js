// Theme, and the filters of the matrix. Without it every page is complete: nothing is collapsed or left out.
"use strict";

const THEMES = ["auto", "light", "dark"];

function storedTheme() {
  try {
    const theme = localStorage.getItem("theme");
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto";
  }
}

function showTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

showTheme(storedTheme()); // before the first paint

function themeButton() {
  const button = document.getElementById("theme");
  let theme = storedTheme();
  const name = () => { button.textContent = `Theme: ${theme}`; };
  name();
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    showTheme(theme);
    name();
    try { localStorage.setItem("theme", theme); } catch { /* then it lasts for this page */ }
  });
}

function matrix() {
  const table = document.getElementById("clauses");
  const form = document.getElementById("filter");
  if (!table || !form) return;
  const RED = new Set(["error", "broken adapter", "fail", "vacuous", "fixed", "never deviated"]);
  const output = document.getElementById("count");
  const expand = document.getElementById("expand");
  const routes = document.getElementById("routes");
  const boxes = [...form.querySelectorAll("input[name=framework]")];
  const cells = [...table.querySelectorAll("[data-framework]")];
  const chapters = [...table.tBodies].map((body) => ({
    body,
    open: false,
    button: body.querySelector("button"),
    clauses: [...body.querySelectorAll("tr.clause")].map((row) => ({
      row,
      text: `${row.cells[0].textContent} ${row.cells[1].textContent} ${row.dataset.text}`.toLowerCase(),
      verdicts: [...row.querySelectorAll("[data-verdict]")].map((cell) => [cell.dataset.framework, cell.dataset.verdict]),
    })),
  }));
  const total = chapters.reduce((sum, chapter) => sum + chapter.clauses.length, 0);

  function wanted() {
    const fields = new FormData(form);
    return {
      words: (fields.get("search") || "").toLowerCase().split(/\s+/).filter(Boolean),
      level: fields.get("level"),
      verdict: fields.get("verdict"),
      chapter: fields.get("chapter"),
      frameworks: new Set(fields.getAll("framework")),
    };
  }

  function meets(clause, chapter, want) {
    return (!want.level || clause.row.dataset.level === want.level)
      && (!want.chapter || chapter.body.id === want.chapter)
      && want.words.every((word) => clause.text.includes(word))
      && (!want.verdict || clause.verdicts.some(([framework, verdict]) => want.frameworks.has(framework)
        && (want.verdict === "red" ? RED.has(verdict) : verdict === want.verdict)));
  }

  function update() {
    const want = wanted();
    const narrowed = want.words.length > 0 || want.level || want.verdict || want.chapter;
    let shown = 0;
    for (const chapter of chapters) {
      let found = 0;
      const open = chapter.open || narrowed;
      for (const clause of chapter.clauses) {
        const met = meets(clause, chapter, want);
        found += met;
        clause.row.hidden = !(met && open);
      }
      shown += found;
      chapter.body.hidden = found === 0;
      chapter.button.setAttribute("aria-expanded", String(Boolean(open)));
    }
    for (const cell of cells) cell.hidden = !want.frameworks.has(cell.dataset.framework);
    output.textContent = shown === total ? `${total} clauses` : `${shown} of ${total} clauses`;
    const all = chapters.every((chapter) => chapter.open);
    expand.setAttribute("aria-pressed", String(all));
    remember(want);
  }

  // The filter stands in the address, so that it can be sent to somebody.
  function remember(want) {
    const fields = new URLSearchParams();
    if (want.words.length) fields.set("search", want.words.join(" "));
    for (const name of ["level", "verdict", "chapter"]) if (want[name]) fields.set(name, want[name]);
    if (want.frameworks.size < boxes.length) fields.set("frameworks", [...want.frameworks].join(","));
    const query = fields.toString();
    if (query) history.replaceState(null, "", `#?${query}`);
    else if (location.hash.startsWith("#?")) history.replaceState(null, "", "#matrix");
  }

  function recall() {
    if (location.hash.startsWith("#?")) {
      const fields = new URLSearchParams(location.hash.slice(2));
      for (const name of ["search", "level", "verdict", "chapter"]) form.elements[name].value = fields.get(name) || "";
      const names = fields.has("frameworks") && new Set(fields.get("frameworks").split(","));
      for (const box of boxes) box.checked = !names || names.has(box.value);
    }
    const chapter = chapters.find((each) => `#${each.body.id}` === location.hash);
    if (chapter) {
      chapter.open = true;
      update();
      chapter.body.scrollIntoView({ block: "nearest" });
      return;
    }
    update();
    if (location.hash.startsWith("#?")) document.getElementById("matrix").scrollIntoView();
  }

  for (const chapter of chapters) {
    chapter.button.addEventListener("click", () => {
      chapter.open = !chapter.open;
      update();
    });
  }
  expand.addEventListener("click", () => {
    const open = !chapters.every((chapter) => chapter.open);
    for (const chapter of chapters) chapter.open = open;
    update();
  });
  routes.addEventListener("click", () => {
    const shown = table.classList.toggle("with-routes");
    routes.setAttribute("aria-pressed", String(shown));
    if (shown && chapters.every((chapter) => !chapter.open)) expand.click();
  });
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(update));
  addEventListener("hashchange", recall);
  form.hidden = false;
  recall();
}

// What an address or a printer asks for is unfolded.
function unfold() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const details = target && target.closest("details");
  if (details) details.open = true;
}

document.addEventListener("DOMContentLoaded", () => {
  themeButton();
  matrix();
  unfold();
});
addEventListener("hashchange", unfold);
