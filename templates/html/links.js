// A chosen term, its path in the picture and its lines in the listings light up together.
(() => {
  "use strict";

  const clear = () => {
    for (const each of document.querySelectorAll(".lit, .behind")) {
      each.classList.remove("lit", "behind");
    }
    for (const each of document.querySelectorAll('[data-term][aria-pressed="true"]')) {
      each.setAttribute("aria-pressed", "false");
    }
  };

  const tokens = (text) => new Set((text || "").split(" ").filter(Boolean));

  const choose = (term) => {
    const again = term.getAttribute("aria-pressed") === "true";
    clear();
    if (again) return;
    const lights = tokens(term.dataset.lights);
    const behind = tokens(term.dataset.behind);
    for (const each of document.querySelectorAll("[data-at]")) {
      const own = [...tokens(each.dataset.at)];
      if (own.some((token) => lights.has(token))) each.classList.add("lit");
      else if (own.some((token) => behind.has(token))) each.classList.add("behind");
    }
    term.setAttribute("aria-pressed", "true");
    (term.closest(".choice") || term).classList.add("lit");
    for (const pre of document.querySelectorAll("pre")) {
      // a listing may scroll within itself: the page stays where it is
      const first = pre.querySelector(".lit");
      if (first) pre.scrollTop += first.getBoundingClientRect().top - pre.getBoundingClientRect().top - 48;
    }
  };

  document.addEventListener("click", (event) => {
    const term = event.target.closest("[data-term]");
    if (term) choose(term);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") clear();
  });
})();
