// The state of the index, and rebuilds while they run.

import { $, $$, announce } from "./dom.js";
import { refresh } from "./views.js";

// How often a page looks for changes that the server follows by itself (see « suivi »).
const FOLLOW_MS = 1500;
let followed = null;

export async function refreshState() {
  const state = await (await fetch("/api/etat")).json();
  if (state.suivi && followed === null) {
    followed = setInterval(() => { if (!document.hidden) lookForChanges().catch(() => {}); }, FOLLOW_MS);
  }
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

let following = false;

// A rebuild that nobody here asked for is shown while it runs, and its outcome when it ends.
async function lookForChanges() {
  if (following) return;
  const line = $("[data-etat]").textContent;
  const error = $("[data-progres-texte].alerte")?.textContent ?? null;
  const state = await refreshState();
  if (following) return;
  if (state.en_cours || $("[data-etat]").textContent !== line || state.erreur !== error) await follow();
}

export async function follow() {
  following = true;
  try {
    await followToTheEnd();
  } finally {
    following = false;
  }
}

async function followToTheEnd() {
  let state = await refreshState();
  while (state.en_cours) {
    showProgress(state);
    await new Promise((resolve) => { setTimeout(resolve, 250); });
    state = await refreshState();
  }
  showProgress(state);
  announce(state.erreur || state.bilan);
  // A file that is chosen but not sent yet would be lost.
  const chosen = $$("input[type=file]").some((input) => input.files.length);
  if (location.pathname === "/dossier" && !chosen) await refresh(location.href);
}

export async function rebuild() {
  $("[data-reconstruire]").disabled = true;
  announce("Reconstruction de l’index en cours.");
  try {
    await fetch("/api/reconstruire", { method: "POST" });
    await follow();
  } catch {
    showProgress({ en_cours: false, erreur: "Le serveur ne répond plus : relancez-le.", bilan: "", total: 0 });
  }
}
