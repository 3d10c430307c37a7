#!/bin/sh
# Unpack what is committed here as a release, and lead "current" to it:
#
#     deploy/release.sh [/opt/portal]
#
# The portal that runs stays as it is until `systemctl reload portal`.
set -eu
cd "$(dirname "$0")/.."
root=${1:-/opt/portal}
release=$root/releases/$(date +%Y-%m-%d-%H%M%S)-$(git rev-parse --short HEAD)
mkdir -p "$release"
git archive HEAD | tar x -C "$release"
python3 -m venv "$release/.venv"
"$release/.venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r "$release/requirements-machines.lock"
"$release/.venv/bin/python" -m compileall -q "$release/clinic" "$release/articles"
ln -s /etc/portal.env "$release/.env"
ln -sfn "$release" "$root/next"
mv -T "$root/next" "$root/current"
echo "$root/current leads to $release"
