"""The attestation: a French page to file, and the same as JSON."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.embedding import SentenceEncoder
from assistant.proof.proving import Proof

LIBRARIES = (
    "gradio", "fastapi", "starlette", "uvicorn", "httpx", "huggingface-hub", "transformers",
    "sentence-transformers", "tokenizers", "torch", "faiss-cpu", "tantivy", "pypdf", "lxml",
)  # fmt: skip
"""The libraries that could talk, and those that read documents: their versions are in the attestation."""


def write_attestation(proof: Proof, folder: Path) -> tuple[Path, Path]:
    """Write the attestation of *proof* as Markdown and as JSON; return both files.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = attestation(proof)
    stem = f"attestation-reseau-{proof.started:%Y-%m-%d-%H%M%S}"
    data = json.dumps(facts, ensure_ascii=False, indent=2).encode() + b"\n"
    page, record = folder / f"{stem}.md", folder / f"{stem}.json"
    record.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    page.write_text(_page(facts, record.name, digest), encoding="utf-8")
    return page, record


def attestation(proof: Proof) -> dict[str, Any]:
    """Return what the attestation says, as plain values."""
    encoder = SentenceEncoder(proof.settings.model)
    copied, total = proof.documents
    return {
        "conclusion": "aucune sortie" if proof.holds else "non établie",
        "debut": proof.started.isoformat(timespec="seconds"),
        "fin": proof.ended.isoformat(timespec="seconds"),
        "logiciel": {
            "assistant": __version__,
            "modele": encoder.fingerprint,
            "modele_de_langage": (
                f"{proof.settings.llm.base_url} : réglé, non appelé pendant l'essai"
                if proof.settings.llm
                else "aucun"
            ),
            "bibliotheques": {name: metadata.version(name) for name in LIBRARIES},
        },
        "machine": {
            "nom": platform.node(),
            "systeme": platform.platform(),
            "python": platform.python_version(),
        },
        "methode": {
            "nom": proof.method.name,
            "portee": proof.method.limit,
            "interfaces": proof.story["interfaces"],
            "routes_vers_l_exterieur": proof.story["routes"],
            "temoin_vu": proof.control_held,
            "temoin": [_attempt(a) for a in proof.control],
        },
        "documents": {"indexes": copied, "du_dossier": total},
        "etapes": proof.story["steps"],
        "releve": {
            "processus_python_suivis": len(proof.seen.processes),
            "appels_systeme_lus": proof.seen.calls if proof.method.strace else None,
            "echanges_avec_cette_machine": proof.seen.inside,
            "tentatives_de_sortie": [_attempt(a) for a in proof.attempts],
        },
        "pages": _pages(proof.story["scan"]),
    }


def _attempt(attempt: Any) -> dict[str, Any]:
    found = dataclasses.asdict(attempt)
    return {
        "nature": found["what"],
        "cible": found["target"],
        "vu_par": found["seen_by"],
        "resultat": found["outcome"],
    }


def _pages(scan: dict[str, Any]) -> dict[str, Any]:
    return {
        "fichiers_lus": len(scan.get("read", [])),
        "adresses_que_le_navigateur_chargerait": scan.get("loaded", []),
        "liens_qui_diraient_d_ou_l_on_vient": scan.get("links", []),
        "pages_sans_politique_fermee": scan.get("policies", []),
        "hotes_nommes_dans_des_scripts_inactifs": scan.get("dormant", []),
    }


def _page(facts: dict[str, Any], record: str, digest: str) -> str:
    held = facts["conclusion"] == "aucune sortie"
    software, machine, method = facts["logiciel"], facts["machine"], facts["methode"]
    seen, pages = facts["releve"], facts["pages"]
    lines = [
        "# Attestation : ce que l'assistant fait du réseau",
        "",
        (
            "**Conclusion : aucune sortie.** Pendant tout l'essai décrit ci-dessous, aucun programme de "
            "l'assistant n'a tenté de joindre une autre machine ni de résoudre un nom."
            if held
            else "**Conclusion : non établie.** L'essai n'a pas permis de dire que rien ne sort ; voir les "
            "lignes marquées « ÉCHEC » et les tentatives relevées."
        ),
        "",
        *_table(
            ("Essai", f"du {facts['debut']} au {facts['fin']} (temps universel)"),
            ("Machine", f"{machine['nom']}, {machine['systeme']}, Python {machine['python']}"),
            ("Assistant du dossier", f"version {software['assistant']}"),
            ("Modèle vectoriel", software["modele"]),
            ("Modèle de langage", software["modele_de_langage"]),
            (
                "Documents",
                f"{facts['documents']['indexes']} des {facts['documents']['du_dossier']} du dossier, copiés",
            ),
            ("Bibliothèques", ", ".join(f"{n} {v}" for n, v in software["bibliotheques"].items())),
        ),
        "",
        "## Méthode",
        "",
        f"{method['nom'][0].upper()}{method['nom'][1:]}. {method['portee']}",
        "",
        *_network(method),
        "",
        *_control(method),
        "",
        "## Ce qui a été fait",
        "",
        "| Étape | Résultat | Durée (s) |",
        "| --- | --- | --- |",
        *(
            f"| {_cell(s['name'])} | {'fait' if s['done'] else 'ÉCHEC'} : {_cell(s['detail'])} | "
            f"{str(s['seconds']).replace('.', ',')} |"
            for s in facts["etapes"]
        ),
        "",
        "## Ce qui a été tenté vers l'extérieur",
        "",
        *_attempts(seen["tentatives_de_sortie"]),
        "",
        *_volume(seen),
        "",
        "## Ce que le navigateur chargerait",
        "",
        *_browser(pages),
        "",
        "## À conserver",
        "",
        f"Les mêmes faits sont dans « {record} », dont l'empreinte SHA-256 est :",
        "",
        f"    {digest}",
        "",
        "Pour refaire l'essai : `assistant check --reseau`.",
        "",
        "Nom et fonction : ________________________  Date : ______________  Signature : ______________",
        "",
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(*rows: tuple[str, str]) -> list[str]:
    return ["| Quoi | Valeur |", "| --- | --- |", *(f"| {name} | {_cell(value)} |" for name, value in rows)]


def _network(method: dict[str, Any]) -> list[str]:
    names = ", ".join(method["interfaces"]) or "aucune"
    routes = method["routes_vers_l_exterieur"]
    told = "nombre inconnu sur ce système" if routes is None else str(routes)
    return [f"Interfaces réseau visibles pendant l'essai : {names}. Routes vers l'extérieur : {told}."]


def _control(method: dict[str, Any]) -> list[str]:
    seen = ", ".join(sorted({a["cible"] for a in method["temoin"]})) or "rien"
    if method["temoin_vu"]:
        return [f"Témoin : des tentatives volontaires, faites avant l'essai, ont bien été vues ({seen})."]
    return [f"ÉCHEC du témoin : des tentatives volontaires n'ont pas toutes été vues (vu : {seen})."]


def _attempts(attempts: list[dict[str, Any]]) -> list[str]:
    if not attempts:
        return ["Rien : aucune connexion, aucun envoi, aucune résolution de nom."]
    rows = [
        f"| {a['nature']} | {_cell(a['cible'])} | {a['vu_par']} | {a['resultat'] or '-'} |" for a in attempts
    ]
    return ["| Nature | Cible | Vu par | Résultat |", "| --- | --- | --- | --- |", *rows]


def _volume(seen: dict[str, Any]) -> list[str]:
    calls = seen["appels_systeme_lus"]
    told = "" if calls is None else f", {calls} appels système de réseau lus"
    watched = f"Pour mémoire : {seen['processus_python_suivis']} processus Python suivis{told}, "
    return [f"{watched}{seen['echanges_avec_cette_machine']} échanges avec la machine elle-même."]


def _browser(pages: dict[str, Any]) -> list[str]:
    problems = [
        *pages["adresses_que_le_navigateur_chargerait"],
        *pages["liens_qui_diraient_d_ou_l_on_vient"],
        *pages["pages_sans_politique_fermee"],
    ]
    if not pages["fichiers_lus"]:
        return ["ÉCHEC : les pages n'ont pas été lues."]
    lines = [f"{pages['fichiers_lus']} fichiers servis (HTML, CSS, scripts) ont été lus."]
    if problems:
        return [*lines, "", *(f"- ÉCHEC : {_cell(p)}" for p in problems)]
    lines.append(
        "Aucun ne fait charger une adresse extérieure, aucun lien ne dit d'où l'on vient, et la politique de "
        "sécurité (Content-Security-Policy) de chaque page interdit toute autre origine que ce serveur."
    )
    if dormant := pages["hotes_nommes_dans_des_scripts_inactifs"]:
        lines.append(
            "Des parties de Gradio que la page n'emploie pas nomment d'autres machines "
            f"({', '.join(dormant)}) ; si elles s'exécutaient, cette politique les arrêterait."
        )
    return lines
