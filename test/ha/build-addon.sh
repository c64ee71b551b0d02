#!/usr/bin/env bash
# Builds addon/Dockerfile without Docker, and leaves the files of the image under ROOT, to be run in a chroot.
#   build-addon.sh ROOT
# Home Assistant's base image is stood in for by a bare Debian of the same suite; it is kept for later runs. Every RUN and
# COPY of the Dockerfile is real. Does nothing where ROOT was built of the same sources.
set -euo pipefail
root=$1
cd "$(dirname "$0")/../.."
sources=$(find addon server/src server/ui frontend-card/src integration/custom_components scripts package-lock.json \
  -type f -not -path '*/dist/*' -not -path '*/__pycache__/*' -not -name '*.test.ts' -print0 |
  sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1)
[ "$(cat "$root.sources" 2> /dev/null)" = "$sources" ] && exit 0

apt() { apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" > /dev/null; }
command -v buildah > /dev/null && command -v mmdebstrap > /dev/null || {
  apt update
  DEBIAN_FRONTEND=noninteractive apt install -y --no-install-recommends buildah crun mmdebstrap
}
# everything that buildah keeps is under one folder of ours
mkdir -p "$root.images"
storage=(--root "$root.images/storage" --runroot "$root.images/run" --storage-driver overlay)
export BUILDAH_ISOLATION=chroot
policy=$root.images/policy.json
echo '{"default":[{"type":"insecureAcceptAnything"}]}' > "$policy"

base=$(sed -n 's/^ARG BUILD_FROM=//p' addon/Dockerfile)
suite=${base##*:}
if ! buildah "${storage[@]}" inspect --type image "$base" > /dev/null 2>&1; then
  mirror=$(awk '$1 == "URIs:" { print $2; exit } $1 == "deb" { print $2; exit }' \
    $(ls /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2> /dev/null))
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  debian=$root.images/debian.tar
  mmdebstrap -q --variant=minbase --include=ca-certificates,curl,jq,bash,tzdata,xz-utils "$suite" "$debian" \
    "deb [signed-by=$keyring] ${mirror:-http://deb.debian.org/debian} $suite main"
  container=$(buildah "${storage[@]}" from scratch)
  buildah "${storage[@]}" add -q "$container" "$debian" / > /dev/null
  buildah "${storage[@]}" config --env LANG=C.UTF-8 --env DEBIAN_FRONTEND=noninteractive "$container"
  buildah "${storage[@]}" commit -q --signature-policy "$policy" "$container" "$base" > /dev/null
  buildah "${storage[@]}" rm "$container" > /dev/null
  rm "$debian"
fi

arch=$(dpkg --print-architecture)
version=$(sed -n 's/^version: *"\?\([^"]*\)"\?.*/\1/p' addon/config.yaml)
buildah "${storage[@]}" build -q --pull-never --network host --format docker --signature-policy "$policy" \
  --build-arg BUILD_ARCH="$arch" --build-arg BUILD_VERSION="$version" --build-arg TARGETARCH="$arch" \
  -v /etc/ssl/certs:/etc/ssl/certs:ro -t porthole-addon -f addon/Dockerfile . > "$root.log" 2>&1 ||
  { tail -n 40 "$root.log" >&2; exit 1; }
container=$(buildah "${storage[@]}" from --pull-never porthole-addon)
image=$(buildah "${storage[@]}" mount "$container")
rm -rf "$root"
mkdir -p "$root"
cp -a "$image/." "$root/"
buildah "${storage[@]}" umount "$container" > /dev/null
buildah "${storage[@]}" rm "$container" > /dev/null
echo "$sources" > "$root.sources"
