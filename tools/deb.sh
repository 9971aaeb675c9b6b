#!/bin/bash
# Makes the Debian package from what is built: deb.sh [OUT]. Written by hand instead of by debhelper: it is
# small, and nothing happens that is not in packaging/debian.
#   BUILD    the release build (build)        VERSION  of the package (that of the program)
#   PACK     how dpkg-deb compresses (-Zxz -z6)
set -euo pipefail
cd "$(dirname "$0")/.." || exit 1

build=${BUILD:-build} out=${1:-.}
program=$("$build/postern" version)
version=${VERSION:-${program#postern }}
arch=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/postern
umask 022

if grep -qa __asan_init "$build/postern-role"; then
    echo "deb: $build is a sanitizer build" >&2
    exit 1
fi

# --- files --------------------------------------------------------------------------------------
# The two programs lie beside each other, as one looks for the other; only one is on the path.
install -d "$root"/{DEBIAN,etc/postern/policies,usr/bin,lib/systemd/system} "$root"/usr/lib/postern \
    "$root"/usr/share/{doc/postern,man,postern/policies}
for name in postern postern-role; do
    install -m 0755 "$build/$name" "$root/usr/lib/postern/$name"
    strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/lib/postern/$name"
done
ln -s ../lib/postern/postern "$root/usr/bin/postern"
install -m 0644 packaging/systemd/postern.service "$root/lib/systemd/system/"
install -m 0644 packaging/debian/postern.yaml "$root/etc/postern/postern.yaml"
install -m 0644 policies/20-admins.cedar "$root/etc/postern/policies/"
cp -r policies/. "$root/usr/share/postern/policies/"
install -m 0644 README.md SECURITY.md docs/*.md "$root/usr/share/doc/postern/"
{
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n'
    printf 'Upstream-Name: postern\n\nFiles: *\nCopyright: The Postern authors\nLicense: Apache-2.0\n'
    printf ' On Debian systems the licence is in /usr/share/common-licenses/Apache-2.0.\n'
} >"$root/usr/share/doc/postern/copyright"
{
    printf 'postern (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.gz.\n\n' "$version"
    printf ' -- The Postern authors <postern@example.invalid>  Thu, 01 Jan 2026 00:00:00 +0000\n'
} | gzip -9n >"$root/usr/share/doc/postern/changelog.gz"
gzip -9nc CHANGELOG.md >"$root/usr/share/doc/postern/CHANGELOG.md.gz"
python3 tools/man.py "$root/usr/share/man" "$version"
find "$root/usr/share/man" -type f -exec gzip -9n {} +

# --- control ------------------------------------------------------------------------------------
# exactly the shared objects that the programs are linked with, with the versions whose symbols they use
mkdir -p "$work/shlibs/debian"
printf 'Source: postern\n\nPackage: postern\nArchitecture: any\n' >"$work/shlibs/debian/control"
depends=$(cd "$work/shlibs" && dpkg-shlibdeps -O --warnings=0 "$root"/usr/lib/postern/* | sed -n 's/^shlibs:Depends=//p')
size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
sed -e "s|@VERSION@|$version|; s|@ARCH@|$arch|; s|@SIZE@|$size|; s|@DEPENDS@|$depends|" \
    packaging/debian/control >"$root/DEBIAN/control"
(cd "$root" && find etc -type f -printf '/%p\n' | sort) >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
    install -m 0755 "packaging/debian/$script" "$root/DEBIAN/$script"
done
find "$root" -type d -exec chmod 0755 {} +
find "$root"/usr/share -type f -exec chmod 0644 {} +
(cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)

# --- the package --------------------------------------------------------------------------------
# the same input gives the same bytes
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1767225600)}
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -print0 | xargs -0r touch --no-dereference --date="@$SOURCE_DATE_EPOCH"
mkdir -p "$out"
# shellcheck disable=SC2086 # several words are meant
dpkg-deb --root-owner-group ${PACK:--Zxz -z6} --build "$root" "$out/postern_${version}_$arch.deb" >/dev/null
echo "$out/postern_${version}_$arch.deb"
