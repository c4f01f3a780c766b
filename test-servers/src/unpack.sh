#!/bin/sh
# Unpacks packages of Debian, with all that they need, into a folder:
#
#     unpack.sh FOLDER RELEASE PACKAGE...
#
# Takes apt and no root, and changes nothing of the machine's. Of many processes that ask for a folder one makes it.
set -eu
folder=$1 release=$2
shift 2

mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9
if [ -e "$folder" ]; then exit; fi

work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/root"
: >"$work/status" # nothing is installed there yet, so that nothing is left out
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# From where the machine has its own packages, which it only tells once it has looked there.
own() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/$' | head -n 1; }
mirror=$(own)
if [ -z "$mirror" ]; then apt-get -q update && mirror=$(own); fi
echo "deb [signed-by=$keyring] ${mirror:?this machine has no Debian packages configured} $release main" >"$work/sources.list"
apt() {
  apt-get -q -o "Dir::State=$work" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work" \
    -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferencesparts=/dev/null -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"
}
apt update
apt install -y --no-install-recommends --download-only "$@"
for package in "$work"/archives/*.deb; do dpkg-deb -x "$package" "$work/root"; done
for link in bin lib lib64 sbin; do [ -e "$work/root/$link" ] || ln -s "usr/$link" "$work/root/$link"; done

# Programs of Erlang start each other by their paths, so each gives its place to a script that runs it with the loader and the
# libraries that it was built for. The scripts among them are told where they lie now.
at() { echo "$folder${1#"$work/root"}"; }
erlang=$work/root/usr/lib/erlang
if [ -e "$erlang" ]; then
  loader=$(at "$work"/root/usr/lib/*/ld-linux-*.so.*)
  for program in $(find "$erlang" -type f -perm -u+x ! -name '*.so'); do
    if [ "$(head -c 4 "$program" | tail -c 3)" != ELF ]; then
      sed -i "s|=/usr/lib/erlang|=$(at "$erlang")|" "$program"
      continue
    fi
    mv "$program" "$program.elf"
    run="exec $loader --library-path $(dirname "$loader") --argv0 \"\$0\" $(at "$program").elf \"\$@\""
    printf '#!/bin/sh\n%s\n' "$run" >"$program"
    chmod +x "$program"
  done
fi
mv "$work/root" "$folder"
