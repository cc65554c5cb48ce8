"""What watches the browser: any script that runs, any request that leaves, any policy that breaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

# Reported by the browser itself when a policy stops something.
_REPORTS = """
addEventListener("securitypolicyviolation", (e) => canari(`csp ${e.violatedDirective} ${e.blockedURI}`));
"""

# Inside what others wrote only these stand, with these attributes; nothing else of the page may grow.
STRANGE = """
() => {
  const found = [];
  const plain = new Set(["div", "p", "span", "a", "mark", "strong", "em", "ul", "ol", "li", "h1", "h2", "h3",
    "br", "section", "article", "table", "caption", "thead", "tbody", "tr", "th", "td"]);
  const attributes = new Set(["class", "id", "href", "title", "role", "tabindex", "scope", "target", "rel",
    "data-hors-vue", "aria-label", "aria-pressed"]);
  for (const root of document.querySelectorAll(".question, .reponse, #sources .turn, .lecture")) {
    for (const element of [root, ...root.querySelectorAll("*")]) {
      if (!plain.has(element.localName)) found.push(`<${element.localName}>`);
      for (const { name, value } of element.attributes) {
        if (!attributes.has(name)) found.push(`<${element.localName} ${name}=${value.slice(0, 60)}>`);
      }
      if (element.localName === "a" && !element.matches("a.adresse") && element.origin !== location.origin) {
        found.push(`lien ${element.href.slice(0, 80)}`);
      }
      if (element.matches("a.adresse") && !/^https?:$/.test(element.protocol)) found.push(element.protocol);
    }
  }
  const own = "[data-filtres], [data-ajout], [action='/deconnexion']";
  const outside = "iframe, object, embed, base, meta[http-equiv], math, .katex, .mermaid, " +
    `[onerror], [onload], [onfocus], [onclick], form:not(${own})`;
  for (const element of document.querySelectorAll(outside)) {
    // Gradio's page has a base of its own.
    if (element.localName === "base" && new URL(element.href).origin === location.origin) continue;
    found.push(`hors texte <${element.localName}>`);
  }
  for (const id of ["question", "conversation", "sources"]) {
    if (document.querySelectorAll(`[id="${id}"]`).length > 1) found.push(`deux #${id}`);
  }
  if (document.documentElement.scrollWidth > innerWidth + 1) found.push("défilement horizontal");
  return found;
}
"""


@dataclass
class Canary:
    """Hears everything that should not happen; ``alarms`` stays empty if nothing did."""

    own: str
    alarms: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page of *context*, those that it opens by itself included."""
        context.expose_binding("canari", lambda _, said: self._called(str(said)))
        context.add_init_script(_REPORTS)
        context.on("request", lambda request: self._asked(request.url))
        context.on("page", self._listen)

    def _called(self, said: str) -> None:
        # The page's reports come by the same way as scripts that run.
        self.alarms.append(said if said.startswith("csp ") else f"script {said}")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob", "about"} and parts.netloc != self.own:
            self.alarms.append(f"request {url[:120]}")

    def _listen(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.alarms.append(f"error {error}"))
        page.on("download", lambda download: self.alarms.append(f"download {download.url[:80]}"))
        page.on("popup", lambda popup: self.alarms.append(f"popup {popup.url[:80]}"))

    def _heard(self, message: ConsoleMessage) -> None:
        # Gradio's client complains when its stream ends because one leaves the page.
        left = "AbortError" in message.text or "Connection errored out" in message.text
        if message.type in {"error", "warning"} and not left:
            self.alarms.append(f"console {message.text[:160]}")

    def _dialog(self, dialog: Any) -> None:
        self.alarms.append(f"dialog {dialog.message[:80]}")
        dialog.dismiss()

    def take(self) -> list[str]:
        """Return the alarms so far, and forget them."""
        found, self.alarms = self.alarms, []
        return found
