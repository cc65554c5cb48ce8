// Opinions, where the server keeps them; and the session, where it has accounts.

import { $$, announce } from "./dom.js";

export async function giveOpinion(link) {
  const answer = await fetch(link.href, { method: "POST" });
  const links = $$("a.avis", link.closest("ul"));
  if (!answer.ok) { announce("L’avis n’a pas pu être gardé : reposez la question."); return; }
  for (const other of links) other.setAttribute("aria-pressed", String(other === link));
  announce("Votre avis est gardé. Merci.");
}

export async function logOut() {
  await fetch("/deconnexion", { method: "POST", redirect: "manual" });
  location.assign("/connexion");
}

// A session that ended meanwhile leads back to the login page, whatever was being asked.
const plainFetch = window.fetch;
window.fetch = async (...request) => {
  const answer = await plainFetch(...request);
  const ended = answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === "/connexion");
  if (ended) location.assign("/connexion");
  return answer;
};
