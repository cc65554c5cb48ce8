// Light or dark: the system's choice until the visitor makes another.

import { $$ } from "./dom.js";

const root = document.documentElement;

export function applyTheme(theme) {
  root.dataset.theme = theme;
  document.body.classList.toggle("dark", theme === "dark");
  for (const button of $$("[data-theme-bascule]")) {
    button.hidden = false;
    button.textContent = theme === "dark" ? "Thème clair" : "Thème sombre";
  }
}

export function currentTheme() {
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* Storage may be refused. */ }
  return kept || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyTheme(currentTheme()));

export function toggleTheme() {
  const theme = root.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", theme); } catch { /* The choice then lasts one page. */ }
  applyTheme(theme);
}
