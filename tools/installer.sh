#!/bin/sh
# Installe l'assistant depuis cette archive. Aucun réseau n'est employé : tout est dans ce dossier.
set -eu

usage() {
    cat <<'FIN'
Usage : ./installer.sh [--prefix DOSSIER] [--bin DOSSIER] [--python PROGRAMME]

  --prefix DOSSIER    où installer (par défaut : ~/.local/share/assistant-du-dossier,
                      ou /opt/assistant-du-dossier pour root)
  --bin DOSSIER       où poser la commande « assistant » (par défaut : ~/.local/bin,
                      ou /usr/local/bin pour root)
  --python PROGRAMME  l'interpréteur Python à employer

Pour désinstaller, supprimez ces deux choses : le dossier, et la commande « assistant ».
FIN
}

refuse() {
    echo "installer : $1" >&2
    exit 1
}

if [ "$(id -u)" = 0 ]; then
    prefix=/opt/assistant-du-dossier bin=/usr/local/bin
else
    prefix=$HOME/.local/share/assistant-du-dossier bin=$HOME/.local/bin
fi
python=
while [ $# -gt 0 ]; do
    case $1 in
        --prefix | --bin | --python)
            [ $# -ge 2 ] || refuse "$1 attend une valeur (voir ./installer.sh --help)."
            case $1 in
                --prefix) prefix=$2 ;;
                --bin) bin=$2 ;;
                --python) python=$2 ;;
            esac
            shift 2
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        *) refuse "option inconnue : $1 (voir ./installer.sh --help)." ;;
    esac
done

cd "$(dirname "$0")"
wanted=$(cat PLATEFORME)
version=$(echo "$wanted" | cut -d' ' -f1)

# The wheels hold compiled code: they fit one version of Python, one system, one processor.
fits() {
    [ "$("$1" -c 'import platform, sys
print("%d.%d" % sys.version_info[:2], platform.system(), platform.machine())' 2>/dev/null)" = "$wanted" ]
}
if [ -n "$python" ]; then
    fits "$python" || refuse "« $python » ne convient pas : cette archive est faite pour Python $wanted."
else
    for candidate in "python$version" python3 python; do
        if command -v "$candidate" >/dev/null 2>&1 && fits "$candidate"; then
            python=$candidate
            break
        fi
    done
    [ -n "$python" ] || refuse "cette archive est faite pour Python $wanted, introuvable ici : \
installez Python $version, ou désignez-le par --python."
fi

echo "Vérification de l'archive…" >&2
"$python" -I - <<'FIN' || exit 1
import hashlib
import pathlib
import sys

listed = {}
for line in pathlib.Path("SHA256SUMS").read_text(encoding="utf-8").splitlines():
    digest, _, name = line.partition("  ")
    listed[name] = digest
found = {p.as_posix() for p in pathlib.Path("wheels").iterdir()} | set(listed)
for name in sorted(found):
    path = pathlib.Path(name)
    if name not in listed or not path.is_file():
        sys.exit(f"installer : le fichier « {name} » manque ou n'est pas de cette archive : extrayez-la de nouveau.")
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != listed[name]:
        sys.exit(f"installer : le fichier « {name} » est abîmé : recopiez l'archive, puis recommencez.")
FIN

echo "Installation dans $prefix…" >&2
mkdir -p "$prefix" "$bin" || refuse "le dossier « $prefix » ou « $bin » ne peut pas être créé : donnez --prefix et --bin."
rm -rf "$prefix/venv"
# Without ensurepip, which some distributions leave out: the archive brings its own pip.
"$python" -m venv --without-pip "$prefix/venv" || refuse "l'environnement Python n'a pas pu être créé dans « $prefix »."
pip=$(echo wheels/pip-*.whl)
"$prefix/venv/bin/python" "$pip/pip" --isolated install --quiet --no-index --find-links wheels \
    --require-hashes --no-cache-dir --no-compile --disable-pip-version-check -r requirements.txt ||
    refuse "l'installation dans « $prefix » a échoué : voyez le message ci-dessus."
ln -sf "$prefix/venv/bin/assistant" "$bin/assistant"

echo "Construction de l'index…" >&2
"$prefix/venv/bin/assistant" index >&2

echo "L'assistant est installé. Dans ce dossier, lancez : assistant serve"
case :$PATH: in
    *:"$bin":*) ;;
    *) echo "(« $bin » n'est pas dans votre PATH : lancez $bin/assistant serve, ou ajoutez-le.)" ;;
esac
