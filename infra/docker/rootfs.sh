#!/bin/sh
# Makes the root file system of the image in the folder $1: Node.js, the libraries that it and the add-ons of the
# application in the folder $2 load, a user, and nothing else. No shell, no package manager.
set -eu
root=$1
app=$2

mkdir -p "$root/etc" "$root/data" "$root/home/nonroot"
mkdir -p -m 1777 "$root/tmp"
echo 'nonroot:x:65532:65532::/home/nonroot:/sbin/nologin' >"$root/etc/passwd"
echo 'nonroot:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chown 65532:65532 "$root/data" "$root/home/nonroot"

node=$(node -p process.execPath)
mkdir -p "$root/usr/local/bin"
cp "$node" "$root/usr/local/bin/node"

# Add-ons for other C libraries are no use here.
find "$app/node_modules" -name '*.musl.node' -delete
libraries=$({ echo "$node"; find "$app/node_modules" -name '*.node'; } | xargs ldd)
if echo "$libraries" | grep 'not found'; then
  echo "these libraries are missing: install them in the stage that builds" >&2
  exit 1
fi
# A line says "name => path (address)"; for the loader only the path.
echo "$libraries" |
  sed -n 's/.*=> *\(\/[^ ]*\) (.*/\1/p; s/^[[:space:]]*\(\/[^ :]*\) (.*/\1/p' |
  sort -u |
  while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
