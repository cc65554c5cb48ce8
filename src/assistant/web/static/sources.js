// Markers in the answers, cards in the panel, and the way from one to the other and back.

import { $, $$, button, reveal } from "./dom.js";

let opener = null; // What Escape gives the focus back to.

export function showTurn(id) {
  const sections = $$("#sources .turn");
  const wanted = id && document.getElementById(id) ? id : sections.at(-1)?.id;
  for (const section of sections) section.classList.toggle("actif", section.id === wanted);
}

function openPanel(open) {
  document.body.classList.toggle("volet-ouvert", open);
}

export function showCard(link) {
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

export function closePanel() {
  openPanel(false);
  if (opener?.isConnected) opener.focus();
  opener = null;
}

export function showSources(link) {
  opener = link;
  showTurn(link.hash.slice(1));
  openPanel(true);
  $(link.hash)?.focus();
}

// Whether Escape has anything to close.
export const isPanelOpen = () => document.body.classList.contains("volet-ouvert") || opener !== null;

export function addClose() {
  const panel = $("#volet");
  if (panel && !$(".fermer", panel)) panel.prepend(button("lien fermer", "Fermer", closePanel));
}
