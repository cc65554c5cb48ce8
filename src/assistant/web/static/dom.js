// What every other module needs of the page.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
export const hasChat = () => $("gradio-app") !== null;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

// Said once by screen readers, politely; emptied first, or the same words twice would be silent.
export function announce(text) {
  const region = $("#annonce");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}

export function reveal(element) {
  element.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
}

export function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

export function button(className, text, onClick) {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", onClick);
  return element;
}
