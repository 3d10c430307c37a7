#!/bin/sh
# Unpack what is committed here as a release, and lead "current" to it:
#
#     deploy/release.sh [/opt/portal]
#
# The portal that runs stays as it is until `systemctl reload portal`. Of older releases
# stay the one before, one more, and any that a process still runs in; others are deleted.
set -eu
cd "$(dirname "$0")/.."
root=${1:-/opt/portal}
before=$(readlink -f "$root/current" || true)
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

# What else lies there is not ours: the name of a release begins with its moment.
at_work=$(for process in /proc/[0-9]*; do readlink "$process/cwd"; done 2>/dev/null || true)
ls -1dr "$root"/releases/20??-??-??-* | tail -n +4 | while read -r old; do
    real=$(readlink -f "$old")
    if [ "$real" = "$before" ] || echo "$at_work" | grep -q "^$real\(/\|\$\)"; then
        continue
    fi
    rm -rf "$old" && echo "$old is deleted" || echo "$old cannot be deleted" >&2
done
