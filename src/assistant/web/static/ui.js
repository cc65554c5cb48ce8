// The page's only script: markers and cards, views, rebuild, copy, theme, announcements.
// It adds nothing that the server could say: it moves focus, fetches pages of this very server
// and shows them. No text that others wrote is ever parsed as HTML here, except pages that the
// server escaped.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const root = document.documentElement;
const narrow = matchMedia("(max-width: 60rem)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let opener = null; // What Escape gives the focus back to.

function announce(text) {
  const region = $("#annonce");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}

function reveal(element) {
  element.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
}

/* Theme ------------------------------------------------------------------------------------ */

function applyTheme(theme) {
  root.dataset.theme = theme;
  document.body.classList.toggle("dark", theme === "dark");
  for (const button of $$("[data-theme-bascule]")) {
    button.hidden = false;
    button.textContent = theme === "dark" ? "Thème clair" : "Thème sombre";
  }
}

function currentTheme() {
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* Storage may be refused. */ }
  return kept || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyTheme(currentTheme()));

function toggleTheme() {
  const theme = root.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", theme); } catch { /* The choice then lasts one page. */ }
  applyTheme(theme);
}

/* Markers and cards ------------------------------------------------------------------------ */

function showTurn(id) {
  const sections = $$("#sources .turn");
  const wanted = id && document.getElementById(id) ? id : sections.at(-1)?.id;
  for (const section of sections) section.classList.toggle("actif", section.id === wanted);
}

function openPanel(open) {
  document.body.classList.toggle("volet-ouvert", open);
}

function showCard(link) {
  const id = link.hash.slice(1);
  const card = document.getElementById(id);
  if (!card) return;
  opener = link;
  showTurn(id.split("-")[0]);
  for (const other of $$(".carte.actif, .cite.actif")) other.classList.remove("actif");
  card.classList.add("actif");
  for (const marker of $$(".cite")) marker.classList.toggle("actif", marker.hash === link.hash);
  openPanel(true);
  card.focus({ preventScroll: true });
  reveal(card);
}

function closePanel() {
  openPanel(false);
  if (opener?.isConnected) opener.focus();
  opener = null;
}

/* Questions -------------------------------------------------------------------------------- */

function field() { return $("#question textarea, #question input"); }

function write(text) {
  const input = field();
  const prototype = input instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(input, text);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.focus();
}

function ask(text) {
  write(text);
  // Svelte reads the field after this task.
  setTimeout(() => $("#question .submit-button")?.click(), 60);
}

// Kept once fetched: Gradio draws the empty conversation anew each time it is cleared.
let examples = null;

function fillExamples() {
  const list = $(".exemples:empty");
  if (!list) return;
  if (examples === null) {
    examples = [];
    fetch("/api/exemples").then((answer) => answer.json()).then((found) => {
      examples = found.exemples;
      fillExamples();
    }).catch(() => { examples = null; });
  }
  for (const text of examples) {
    const link = document.createElement("a");
    link.className = "exemple";
    link.setAttribute("role", "button");
    link.href = "#question";
    link.textContent = text;
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
}

/* Copy ------------------------------------------------------------------------------------- */

async function copy(link) {
  const label = link.textContent;
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error("gone");
    await toClipboard(await answer.text());
    link.textContent = "Copié";
    announce("Copié dans le presse-papiers.");
  } catch {
    link.textContent = "Échec";
    announce("La copie a échoué : la conversation n’est peut-être plus en mémoire.");
  }
  setTimeout(() => { link.textContent = label; }, 1600);
}

async function toClipboard(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "vh";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("refused");
}

/* Views: pages of this server shown in place, so that the conversation is kept ---------------- */

const VIEWS = /^\/(dossier|comparer|document\/[^/]+|comparer\/cellule)$/;
const hasChat = () => $("gradio-app") !== null;

async function fetchMain(url) {
  const answer = await fetch(url, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { main: $("main", page) ?? failure(), title: page.title };
}

function failure() {
  const main = document.createElement("main");
  const title = document.createElement("h1");
  title.tabIndex = -1;
  title.textContent = "Cette page n’a pas pu être lue";
  const wrapper = document.createElement("div");
  wrapper.className = "bord lecture";
  wrapper.append(title);
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

async function show(url, { push = true, focus = true } = {}) {
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
  prepare(view);
  if (chat) { if (focus) field()?.focus(); return; }
  const aimed = aim(target.hash);
  if (!aimed && focus) { window.scrollTo(0, 0); $("h1", view)?.focus(); }
}

function aim(hash) {
  for (const old of $$(".vise")) old.classList.remove("vise");
  const element = hash ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  if (!element) return false;
  element.classList.add("vise");
  element.setAttribute("tabindex", "-1");
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "center", behavior: "auto" });
  return true;
}

async function showCell(link) {
  const { main } = await fetchMain(link.href);
  const dialog = document.createElement("dialog");
  dialog.className = "cellule-dialogue";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "lien fermer-dialogue";
  close.textContent = "Fermer";
  close.addEventListener("click", () => dialog.close());
  dialog.append(close, ...main.childNodes);
  const title = $("h1", dialog);
  title.id = "titre-dialogue";
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
}

/* Rebuild ---------------------------------------------------------------------------------- */

async function refreshState() {
  const state = await (await fetch("/api/etat")).json();
  for (const line of $$("[data-etat]")) if (line.textContent !== state.ligne) line.textContent = state.ligne;
  return state.reconstruction;
}

function showProgress(state) {
  const text = $("[data-progres-texte]");
  const gauge = $("[data-progres]");
  const button = $("[data-reconstruire]");
  gauge.hidden = !state.en_cours;
  button.disabled = state.en_cours;
  const counted = state.total > 1 ? ` : ${state.fait} sur ${state.total}` : "";
  text.textContent = state.en_cours ? `${state.etape}${counted}` : state.erreur || state.bilan;
  text.hidden = !text.textContent;
  text.classList.toggle("alerte", !state.en_cours && Boolean(state.erreur));
  if (state.total > 1) { gauge.max = state.total; gauge.value = state.fait; } else gauge.removeAttribute("value");
}

async function follow() {
  let state = await refreshState();
  while (state.en_cours) {
    showProgress(state);
    await new Promise((resolve) => { setTimeout(resolve, 250); });
    state = await refreshState();
  }
  showProgress(state);
  announce(state.erreur || state.bilan);
  if (location.pathname === "/dossier") {
    if (hasChat()) await show(location.href, { push: false, focus: false });
    else $("#principal").replaceChildren(...(await fetchMain(location.href)).main.childNodes);
  }
}

async function rebuild() {
  $("[data-reconstruire]").disabled = true;
  announce("Reconstruction de l’index en cours.");
  try {
    await fetch("/api/reconstruire", { method: "POST" });
    await follow();
  } catch {
    showProgress({ en_cours: false, erreur: "Le serveur ne répond plus : relancez-le.", bilan: "", total: 0 });
  }
}

/* Gradio's own markup, put right for assistive technologies ----------------------------------- */

let announced = new Set();
let focused = false;

function tidy() {
  // Gradio follows the system's theme when it starts; the visitor's choice comes first.
  document.body.classList.toggle("dark", root.dataset.theme === "dark");
  const log = $("#conversation [role=log]");
  if (log) {
    if (log.getAttribute("aria-live") !== "off") log.setAttribute("aria-live", "off");
    if (log.getAttribute("aria-label") !== "Conversation") log.setAttribute("aria-label", "Conversation");
  }
  const thread = $("#conversation");
  if (thread && !thread.hasAttribute("tabindex")) {
    thread.tabIndex = 0; // It scrolls, so the keyboard must reach it.
    thread.setAttribute("role", "region");
    thread.setAttribute("aria-label", "Questions et réponses");
  }
  // Gradio labels each message with its raw HTML, and calls a plain block a button.
  for (const element of $$("#conversation [aria-label]")) {
    if (element !== log && element.getAttribute("aria-label").includes("<")) element.removeAttribute("aria-label");
  }
  for (const element of $$("#conversation .message [role=button], #conversation .message[role]")) {
    if (element.tagName !== "A") element.removeAttribute("role");
  }
  const input = field();
  if (input && !input.getAttribute("aria-label")) input.setAttribute("aria-label", "Votre question");
  // Ready to type where there is a keyboard; a phone's would cover half the page.
  if (input && !focused) {
    focused = true;
    if (matchMedia("(hover: hover)").matches && document.activeElement === document.body) input.focus({ preventScroll: true });
  }
  const sources = $("#sources");
  if (sources && !$(".fermer", $("#volet"))) addClose();
  fillExamples();
  keepInView();
  const answered = $$("#conversation .reponse.fini");
  document.body.classList.toggle("conversation-vide", $$("#conversation .reponse").length === 0);
  const last = answered.at(-1);
  if (last && !announced.has(last.id)) finished(last);
  if (!answered.length) announced = new Set();
}

// A new question is brought to the top once; from then on the reader scrolls as they like.
let seen = null;

function keepInView() {
  const last = $$("#conversation .reponse").at(-1);
  if (!last || last.id === seen) return;
  const question = $$("#conversation .question").at(-1);
  const box = $("#conversation");
  box.scrollTop += question.getBoundingClientRect().top - box.getBoundingClientRect().top - 16;
  if (last.classList.contains("fini")) seen = last.id;
}

function addClose() {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "lien fermer";
  close.textContent = "Fermer";
  close.addEventListener("click", closePanel);
  $("#volet").prepend(close);
}

function finished(answer) {
  announced.add(answer.id);
  showTurn(answer.id.replace("r", "t"));
  const markers = new Set($$(".cite", answer).map((marker) => marker.hash)).size;
  const first = $("p:not(.compris), .tableau", answer)?.textContent.replace(/\s+/g, " ").replace(/Citer$/, "").trim();
  announce(`${first ?? ""} ${markers ? `${markers} sources.` : ""}`);
  refreshState().catch(() => {});
}

/* Events ------------------------------------------------------------------------------------ */

function prepare(scope) {
  for (const form of $$("[data-filtres]", scope)) {
    form.addEventListener("change", () => form.requestSubmit());
    form.addEventListener("submit", onFilter);
  }
}

async function onFilter(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const open = $$("details", form).map((details) => details.open);
  const active = document.activeElement;
  const target = active && form.contains(active) ? [active.name, active.value] : null;
  const url = `/comparer?${new URLSearchParams(new FormData(form))}`;
  if (hasChat()) await show(url, { focus: false });
  else {
    $("#principal").replaceChildren(...(await fetchMain(url)).main.childNodes);
    history.pushState({}, "", url);
    prepare($("#principal"));
  }
  $$("[data-filtres] details").forEach((details, n) => { details.open = open[n]; });
  const again = target && $$("[data-filtres] input").find((i) => i.name === target[0] && i.value === target[1]);
  again?.focus({ preventScroll: true });
  announce("Comparaison mise à jour.");
}

function onClick(event) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const target = event.target.closest("a, button");
  if (!target) return;
  if (target.matches("[data-theme-bascule]")) { toggleTheme(); return; }
  if (target.matches("[data-reconstruire]")) { rebuild(); return; }
  if (!target.matches("a")) return;
  const own = target.origin === location.origin;
  const acts = [
    ["a.cite", showCard],
    ["a.voir", (a) => { opener = a; showTurn(a.hash.slice(1)); openPanel(true); $(a.hash)?.focus(); }],
    ["a.exemple", (a) => ask(a.textContent)],
    ["a.corriger", (a) => write($("em", a.parentElement).textContent)],
    ["a.copier, a.citer", copy],
    ["a[data-cellule]", showCell],
  ];
  const act = acts.find(([selector]) => target.matches(selector));
  if (act) { event.preventDefault(); act[1](target); return; }
  if (!own || target.dataset.horsVue !== undefined) return;
  if (target.hash && target.pathname === location.pathname) {
    event.preventDefault();
    if (!aim(target.hash) && target.matches(".evitement")) $("main:not([hidden]), #vue:not([hidden])")?.focus();
    return;
  }
  if (hasChat() && (target.pathname === "/" || VIEWS.test(target.pathname))) {
    event.preventDefault();
    $("dialog[open]")?.close();
    show(target.href);
  }
}

function onKey(event) {
  if (event.key === "Escape" && !$("dialog[open]") && (document.body.classList.contains("volet-ouvert") || opener)) closePanel();
  if (event.key === " " && event.target.matches?.("a[role=button]")) { event.preventDefault(); event.target.click(); }
}

function start() {
  applyTheme(currentTheme());
  const button = $("[data-reconstruire]");
  if (button) button.hidden = false;
  document.addEventListener("click", onClick, true);
  document.addEventListener("keydown", onKey);
  prepare(document);
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
