// A statement or an answer, copied with its references as the server writes them.

import { announce } from "./dom.js";

export async function copy(link) {
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
