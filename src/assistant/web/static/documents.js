// Documents added to the dossier, replaced in it and removed from it, each confirmed.

import { $, announce, button, make } from "./dom.js";
import { follow } from "./rebuilding.js";
import { openDialog } from "./views.js";

const ADDRESS = "/api/dossier/fichier";
const ASIDE = "La version actuelle sera mise de côté, hors de l’index : un administrateur pourra la reprendre.";

function say(text, { wrong = false } = {}) {
  const message = $("[data-depot-message]");
  if (!message) return;
  message.textContent = text;
  message.hidden = false;
  message.classList.toggle("alerte", wrong);
}

function weight(bytes) {
  const value = bytes < 1e6 ? Math.max(1, Math.round(bytes / 1e3)) : (bytes / 1e6).toFixed(1);
  return `${String(value).replace(".", ",")}\u00a0${bytes < 1e6 ? "ko" : "Mo"}`;
}

// Resolves to whether the visitor agreed.
function confirmed(question, explanation, verb, opener) {
  return new Promise((resolve) => {
    const title = make("h2", "", question);
    const dialog = openDialog("dialogue confirmation", title, opener);
    let agreed = false;
    dialog.addEventListener("close", () => resolve(agreed));
    const choices = make("p", "gestes");
    choices.append(
      button("contour", "Annuler", () => dialog.close()),
      button("contour grave", verb, () => { agreed = true; dialog.close(); }),
    );
    dialog.append(title, make("p", "", explanation), choices);
    dialog.showModal();
  });
}

async function request(method, path, { body = null, replacing = false } = {}) {
  const query = new URLSearchParams({ chemin: path, ...(replacing ? { remplacer: "true" } : {}) });
  const headers = body ? { "content-type": "application/octet-stream" } : {};
  try {
    const answer = await fetch(`${ADDRESS}?${query}`, { method, body, headers });
    return { status: answer.status, ...(await answer.json()) };
  } catch {
    return { erreur: "L’envoi a échoué : vérifiez que le serveur répond, puis recommencez." };
  }
}

function refused(sentence) {
  say(sentence, { wrong: true });
  announce(sentence);
}

// Says what was done, and shows the rebuild that the server has started.
async function conclude(sentence) {
  say(`${sentence} L’index se met à jour…`);
  await follow();
  say(sentence);
  $("[data-depot-message]")?.focus();
}

function accepted(found) {
  const s = found.sentences > 1 ? "s" : "";
  const before = found.aside ? ` La version précédente est gardée dans « ${found.aside} ».` : "";
  return `« ${found.title} » (${found.path}) : ${found.sentences} phrase${s} lue${s}.${before}`;
}

async function send(path, file, opener, { replacing = false } = {}) {
  const most = Number($("[data-depot]").dataset.octets);
  if (file.size > most) {
    refused(
      `Le fichier « ${file.name} » pèse ${weight(file.size)}, plus que la limite de ${weight(most)} : ` +
      "divisez-le, ou demandez à l’administrateur de le déposer dans le dossier.",
    );
    return;
  }
  say(`Envoi et lecture de « ${file.name} » (${weight(file.size)})…`);
  let found = await request("PUT", path, { body: file, replacing });
  if (found.status === 409) {
    const agreed = await confirmed(`Remplacer « ${path} » ?`, `${found.erreur} ${ASIDE}`, "Remplacer", opener);
    if (!agreed) { say(`« ${path} » n’a pas été remplacé.`); return; }
    found = await request("PUT", path, { body: file, replacing: true });
  }
  if (found.erreur) refused(found.erreur);
  else await conclude(accepted(found));
}

export function choose(input) {
  $("[data-choisi]").textContent = input.files.length ? input.files[0].name : "Aucun fichier choisi";
}

export async function add(form) {
  const { fichier: input, dossier } = form.elements;
  const file = input.files[0];
  if (!file) { refused("Choisissez d’abord un fichier."); return; }
  const submit = $("button", form);
  submit.disabled = true;
  // Emptied first: the view is drawn anew after the rebuild unless a file waits in it.
  input.value = "";
  choose(input);
  try {
    await send(`${dossier.value ? `${dossier.value}/` : ""}${file.name}`, file, submit);
  } finally {
    submit.disabled = false;
  }
}

export function replace(opener) {
  const { chemin: path } = opener.dataset;
  const picker = make("input", "");
  picker.type = "file";
  picker.accept = path.slice(path.lastIndexOf("."));
  picker.addEventListener("change", async () => {
    const [file] = picker.files;
    const explanation = `« ${file.name} » (${weight(file.size)}) prendra sa place. ${ASIDE}`;
    if (await confirmed(`Remplacer « ${path} » ?`, explanation, "Remplacer", opener)) {
      await send(path, file, opener, { replacing: true });
    }
  });
  picker.click();
}

export async function remove(opener) {
  const { chemin: path } = opener.dataset;
  const explanation =
    "Les réponses ne le citeront plus. Le fichier et ses questions attendues seront mis de côté, " +
    "hors de l’index : un administrateur pourra les reprendre.";
  if (!await confirmed(`Retirer « ${path} » du dossier ?`, explanation, "Retirer", opener)) return;
  const found = await request("DELETE", path);
  if (found.erreur) refused(found.erreur);
  else await conclude(`« ${found.path} » est retiré du dossier, et gardé dans « ${found.aside} ».`);
}
