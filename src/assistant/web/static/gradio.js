// Gradio's own markup, put right for assistive technologies and for the reader.

import { $, $$, announce } from "./dom.js";
import { field, fillExamples } from "./questions.js";
import { refreshState } from "./rebuilding.js";
import { addClose, showTurn } from "./sources.js";

let announced = new Set();
let focused = false;

export function tidy() {
  // Gradio follows the system's theme when it starts; the visitor's choice comes first.
  document.body.classList.toggle("dark", document.documentElement.dataset.theme === "dark");
  nameConversation();
  prepareField();
  addClose();
  fillExamples();
  keepInView();
  const answered = $$("#conversation .reponse.fini");
  document.body.classList.toggle("conversation-vide", $("#conversation .reponse") === null);
  const last = answered.at(-1);
  if (last && !announced.has(last.id)) finished(last);
  if (!answered.length) announced = new Set();
}

function nameConversation() {
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
}

function prepareField() {
  const input = field();
  if (!input) return;
  if (!input.getAttribute("aria-label")) input.setAttribute("aria-label", "Votre question");
  // Ready to type where there is a keyboard; a phone's would cover half the page.
  if (focused) return;
  focused = true;
  if (matchMedia("(hover: hover)").matches && document.activeElement === document.body) input.focus({ preventScroll: true });
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

function finished(answer) {
  announced.add(answer.id);
  showTurn(answer.id.replace("r", "t"));
  const markers = new Set($$(".cite", answer).map((marker) => marker.hash)).size;
  const first = $("p:not(.compris), .tableau", answer)?.textContent.replace(/\s+/g, " ").replace(/Citer$/, "").trim();
  const counted = markers ? `${markers} source${markers > 1 ? "s" : ""}.` : "";
  const data = $(".donnees", $$("#conversation .question").at(-1))?.textContent ?? "";
  announce(`${first ?? ""} ${counted} ${data}`);
  refreshState().catch(() => {});
}
