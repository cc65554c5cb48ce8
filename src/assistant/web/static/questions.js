// The question field, and the examples that fill it.

import { $, announce } from "./dom.js";

export function field() { return $("#question textarea, #question input"); }

export function write(text) {
  const input = field();
  const prototype = input instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(input, text);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.focus();
}

export function ask(text) {
  write(text);
  // Svelte reads the field after this task.
  setTimeout(() => $("#question .submit-button")?.click(), 60);
}

// The answers come back in place; the link that was clicked is gone with the data.
export function maskData() {
  $("#masquer")?.click();
  announce("Les données personnelles sont masquées dans la conversation.");
  field()?.focus();
}

// Kept once fetched: Gradio draws the empty conversation anew each time it is cleared.
let examples = null;

export function fillExamples() {
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
