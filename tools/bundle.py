"""Write one archive from which the assistant installs and runs on a machine without any network.

Wheels for this platform and this Python, the model (inside the assistant's own wheel), the corpus,
checksums, a bill of materials, and ``installer.sh``. Needs the package registry, or pip's cache of it,
once; the archive never does.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from importlib import metadata
from pathlib import Path

from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).parents[1]
README = """# Assistant du dossier, installation sans réseau

Dans ce dossier, sur une machine qui a {wanted} :

    ./installer.sh && assistant serve

L'installateur vérifie chaque fichier contre SHA256SUMS, installe les paquets de wheels/ sans aucun
réseau, construit l'index de corpus/ dans index/, et pose la commande « assistant ».
`./installer.sh --help` dit où, et comment en changer.

Pour prouver que rien ne sort de la machine : `assistant check --reseau`.
La liste de tout ce qui est installé, licences comprises, est dans {sbom}.
"""


def platform_line() -> str:
    """Return what the wheels fit: "3.11 Linux x86_64"."""
    return f"{sys.version_info[0]}.{sys.version_info[1]} {platform.system()} {platform.machine()}"


def pip(*arguments: str) -> None:
    """Run pip.

    Raises:
        SystemExit: It failed; its own message stands above.
    """
    options = ["--disable-pip-version-check", "--quiet"]
    done = subprocess.run([sys.executable, "-m", "pip", *arguments, *options], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"bundle : « pip {arguments[0]} » a échoué ; voyez son message ci-dessus.")


def gather_wheels(folder: Path) -> list[Path]:
    """Put the assistant's wheel, those of all that it needs, and pip's into *folder*."""
    folder.mkdir()
    pip("wheel", "--no-deps", "-w", str(folder), ".")
    (own,) = folder.glob("assistant_du_dossier-*.whl")
    # Not "download": what is published as source only becomes a wheel here, where a compiler may be.
    pip("wheel", "-w", str(folder), "-c", "constraints.txt", str(own))
    pip("download", "--no-deps", "-d", str(folder), f"pip=={metadata.version('pip')}")
    return sorted(folder.glob("*.whl"))


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def requirements(wheels: list[Path]) -> str:
    """Return the requirements file that accepts these wheels and no other bytes."""
    lines = []
    for path in wheels:
        name, version, _, _ = parse_wheel_filename(path.name)
        lines.append(f"{name}=={version} --hash=sha256:{digest(path)}")
    return "\n".join(lines) + "\n"


def add_bill(folder: Path) -> str:
    """Write the bill of materials; return its name, or where to get it."""
    target = folder / "sbom.cdx.json"
    command = [sys.executable, "tools/sbom.py", "-o", str(target)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    return "sbom.cdx.json" if done.returncode == 0 else "la sortie de « make sbom »"


def write_sums(folder: Path) -> None:
    """Write the digest of every file of *folder*."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    text = "".join(f"{digest(p)}  {p.relative_to(folder).as_posix()}\n" for p in files)
    (folder / "SHA256SUMS").write_text(text, encoding="utf-8")


def pack(folder: Path, target: Path) -> None:
    """Write *folder* as a tar archive, not compressed: wheels are already."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".tmp")

    def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        # Whoever made the archive is nobody's business, and root must not own files of theirs.
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        return entry

    with tarfile.open(draft, "w") as archive:
        archive.add(folder, arcname=folder.name, filter=anonymous)
    draft.replace(target)


def main() -> int:
    """Build the archive."""
    parser = argparse.ArgumentParser(description="Fait l'archive d'installation sans réseau.")
    parser.add_argument("--sortie", type=Path, default=ROOT / "dist", metavar="DOSSIER")
    options = parser.parse_args()
    started, wanted = time.monotonic(), platform_line()
    version = metadata.version("assistant-du-dossier")
    name = f"assistant-du-dossier-{version}-{wanted.replace(' ', '-').lower()}"
    with tempfile.TemporaryDirectory(prefix="assistant-bundle-") as work:
        folder = Path(work) / name
        folder.mkdir()
        wheels = gather_wheels(folder / "wheels")
        (folder / "requirements.txt").write_text(requirements(wheels), encoding="utf-8")
        (folder / "PLATEFORME").write_text(wanted + "\n", encoding="utf-8")
        shutil.copytree(ROOT / "corpus", folder / "corpus")
        for source in ("LICENSE", "NOTICE", "tools/installer.sh"):
            shutil.copy(ROOT / source, folder)
        bill = add_bill(folder)
        (folder / "LISEZMOI.md").write_text(
            README.format(wanted=f"Python {wanted}", sbom=bill), encoding="utf-8"
        )
        write_sums(folder)
        target = options.sortie / f"{name}.tar"
        pack(folder, target)
    size = target.stat().st_size / 1e6
    print(f"{target} : {size:.0f} Mo, {len(wheels)} paquets, {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
