#!/usr/bin/env bash
# Installs what Home Assistant's own go2rtc client needs, under DEST, without touching the system:
# CPython 3.13 from Debian's packages, unpacked and run with their own C library, and the client from PyPI.
#   install.sh DEST        leaves DEST/python, which runs Python with the client on its path
set -euo pipefail
DEST=$1
CLIENT=go2rtc-client==0.4.0 # what Home Assistant 2026.11 pins
SUITE=trixie

[ -x "$DEST/python" ] && exit 0
work=$DEST.partial
rm -rf "$work"
mkdir -p "$work"/{lists,cache/archives,debs}/partial "$work/root"

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
"${apt[@]}" install --download-only -y python3.13-venv libstdc++6 > /dev/null
for package in "$work"/cache/archives/*.deb; do
  dpkg-deb -x "$package" "$work/root"
done
rm -rf "$work"/{lists,cache,debs,status,sources.list}

cat > "$work/python" << 'EOF'
#!/usr/bin/env bash
here=$(cd "$(dirname "$0")" && pwd)
lib=("$here"/root/usr/lib/*-linux-gnu)
export PYTHONHOME=$here/root/usr PYTHONPATH=$here/site PYTHONDONTWRITEBYTECODE=1
exec "$lib"/ld-linux-*.so.* --library-path "$lib" "$here/root/usr/bin/python3.13" "$@"
EOF
chmod +x "$work/python"

pip=$(ls "$work"/root/usr/share/python-wheels/pip-*.whl)
"$work/python" "$pip/pip" install -q --disable-pip-version-check --no-compile --only-binary=:all: \
  --target "$work/site" "$CLIENT"
rm -rf "$DEST"
mv "$work" "$DEST"
