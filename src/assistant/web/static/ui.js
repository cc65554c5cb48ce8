// The page's script: what a click, a key or a form sets off.
// It adds nothing that the server could say: it moves focus, fetches pages of this very server
// and shows them. No text that others wrote is ever parsed as HTML here, except pages that the
// server escaped.

import { giveOpinion, logOut } from "./session.js"; // First: it watches over every fetch.
import { copy } from "./copying.js";
import { add, choose, remove, replace } from "./documents.js";
import { $, hasChat } from "./dom.js";
import { tidy } from "./gradio.js";
import { ask, maskData, write } from "./questions.js";
import { rebuild, refreshState } from "./rebuilding.js";
import { closePanel, isPanelOpen, showCard, showSources } from "./sources.js";
import { applyTheme, currentTheme, toggleTheme } from "./theme.js";
import { VIEWS, aim, filter, show, showCell } from "./views.js";

// The first that matches what was clicked acts.
const ACTS = [
  ["[data-theme-bascule]", toggleTheme],
  ["[data-reconstruire]", rebuild],
  ["[data-remplacer]", replace],
  ["[data-retirer]", remove],
  ["a.cite", showCard],
  ["a.voir", showSources],
  ["a.exemple", (a) => ask(a.textContent)],
  ["a.corriger", (a) => write($("em", a.parentElement).textContent)],
  ["a.masquer", maskData],
  ["a.copier, a.citer", copy],
  ["a[data-cellule]", showCell],
  ["a.avis", giveOpinion],
  ["a[data-deconnexion]", logOut],
];

function onClick(event) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const target = event.target.closest("a, button");
  if (!target) return;
  const act = ACTS.find(([selector]) => target.matches(selector));
  if (act) { event.preventDefault(); act[1](target); return; }
  if (target.matches("a")) follow(target, event);
}

function follow(link, event) {
  if (link.origin !== location.origin || link.dataset.horsVue !== undefined) return;
  if (link.hash && link.pathname === location.pathname) {
    event.preventDefault();
    if (!aim(link.hash) && link.matches(".evitement")) $("main:not([hidden]), #vue:not([hidden])")?.focus();
    return;
  }
  if (hasChat() && (link.pathname === "/" || VIEWS.test(link.pathname))) {
    event.preventDefault();
    $("dialog[open]")?.close();
    show(link.href);
  }
}

function onKey(event) {
  if (event.key === "Escape" && !$("dialog[open]") && isPanelOpen()) closePanel();
  if (event.key === " " && event.target.matches?.("a[role=button]")) { event.preventDefault(); event.target.click(); }
}

function onSubmit(event) {
  const form = event.target;
  const act = form.matches("[data-filtres]") ? filter : form.matches("[data-ajout]") ? add : null;
  if (act) { event.preventDefault(); act(form); }
}

function start() {
  // What needs this script is shown only now.
  document.documentElement.classList.add("scripts");
  applyTheme(currentTheme());
  const button = $("[data-reconstruire]");
  if (button) button.hidden = false;
  document.addEventListener("click", onClick, true);
  document.addEventListener("keydown", onKey);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("change", (event) => {
    event.target.closest("[data-filtres]")?.requestSubmit();
    if (event.target.matches("[data-ajout] [type=file]")) choose(event.target);
  });
  refreshState().catch(() => {});
  if (!hasChat()) { aim(location.hash); return; }
  window.addEventListener("popstate", () => show(location.href, { push: false }));
  let pending = false;
  new MutationObserver(() => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => { pending = false; tidy(); });
  }).observe($("gradio-app"), { childList: true, subtree: true });
  tidy();
}

start();
