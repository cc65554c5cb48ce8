// Pages of this server shown in place, so that the conversation is kept.

import { $, $$, announce, button, hasChat, make } from "./dom.js";
import { field } from "./questions.js";

export const VIEWS = /^\/(dossier|comparer|document\/[^/]+|comparer\/cellule)$/;

export async function fetchMain(url) {
  try {
    const answer = await fetch(url, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { main: $("main", page) ?? failure(), title: page.title };
  } catch {
    return { main: failure(), title: "Assistant du dossier" };
  }
}

function failure() {
  const main = make("main", "");
  const title = make("h1", "", "Cette page n’a pas pu être lue");
  title.tabIndex = -1;
  const wrapper = make("div", "bord lecture");
  wrapper.append(title, make("p", "", "Le serveur ne répond plus : relancez-le, puis rechargez la page."));
  main.append(wrapper);
  return main;
}

function markNavigation(path) {
  const view = path === "/" ? "conversation" : path.startsWith("/comparer") ? "comparer" : "dossier";
  for (const link of $$("nav [data-vue]")) {
    if (link.dataset.vue === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

export async function show(url, { push = true, focus = true } = {}) {
  const target = new URL(url, location.href);
  const chat = target.pathname === "/";
  const view = $("#vue");
  if (!chat) {
    const { main, title } = await fetchMain(target);
    view.replaceChildren(...main.childNodes);
    document.title = title;
  } else {
    view.replaceChildren();
    document.title = "Assistant du dossier";
  }
  if (push) history.pushState({}, "", target);
  markNavigation(target.pathname);
  $("#principal").hidden = !chat;
  view.hidden = chat;
  document.body.classList.toggle("vue-ouverte", !chat);
  if (chat) { if (focus) field()?.focus(); return; }
  const aimed = aim(target.hash);
  if (!aimed && focus) { window.scrollTo(0, 0); $("h1", view)?.focus(); }
}

// Whoever wrote the link may have put a lone percent sign in it.
function named(hash) {
  try { return decodeURIComponent(hash.slice(1)); } catch { return ""; }
}

export function aim(hash) {
  for (const old of $$(".vise")) old.classList.remove("vise");
  const element = hash ? document.getElementById(named(hash)) : null;
  if (!element) return false;
  element.classList.add("vise");
  element.setAttribute("tabindex", "-1");
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "center", behavior: "auto" });
  return true;
}

// A dialog that takes the focus, gives it back to *opener*, and closes by Escape or a click beside it.
export function openDialog(className, title, opener) {
  const dialog = make("dialog", className);
  title.id = "titre-dialogue";
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.addEventListener("close", () => { dialog.remove(); opener.focus(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  return dialog;
}

export async function showCell(link) {
  const { main } = await fetchMain(link.href);
  const dialog = openDialog("dialogue", $("h1", main), link);
  dialog.append(button("lien fermer-dialogue", "Fermer", () => dialog.close()), ...main.childNodes);
  dialog.showModal();
}

// Show another content of the page that is open, in place.
export async function refresh(url) {
  if (hasChat()) { await show(url, { push: false, focus: false }); return; }
  $("#principal").replaceChildren(...(await fetchMain(url)).main.childNodes);
}

export async function filter(form) {
  const open = $$("details", form).map((details) => details.open);
  const active = document.activeElement;
  const target = active && form.contains(active) ? [active.name, active.value] : null;
  const url = `/comparer?${new URLSearchParams(new FormData(form))}`;
  history.pushState({}, "", url);
  await refresh(url);
  $$("[data-filtres] details").forEach((details, n) => { details.open = open[n]; });
  const again = target && $$("[data-filtres] input").find((i) => i.name === target[0] && i.value === target[1]);
  again?.focus({ preventScroll: true });
  announce("Comparaison mise à jour.");
}
