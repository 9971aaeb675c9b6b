#!/bin/bash
# Makes sure that the Debian packages of a purpose are installed: deps.sh run|build|test|check|bench|deb
# Does nothing when all are there. Otherwise it says which are missing and installs exactly these,
# as root or through sudo. With NO_INSTALL=1 it only names them and fails.
set -euo pipefail
cd "$(dirname "$0")/.." || exit 1

# cmocka is here because one Meson configuration describes programs and tests alike
build=(ca-certificates gcc libc6-dev make meson ninja-build pkg-config python3
    libc-ares-dev libcmocka-dev libnghttp2-dev libseccomp-dev libsqlite3-dev libssl-dev libutf8proc-dev libvectorscan-dev libxxhash-dev libyaml-dev)
tests=(binutils clang-19 libclang-rt-19-dev llvm-19 curl dpkg-dev git nginx-light python3-stdnum python3-venv)
lints=(clang-format-19 clang-tidy-19 clang-tools-19 clang-19 libclang-rt-19-dev pmccabe shellcheck binutils)
bench=(nginx-light curl nghttp2-client openssl python3-venv)
deb=(binutils dpkg-dev)

case "${1:-}" in
build) wanted=("${build[@]}") ;;
test) wanted=("${build[@]}" "${tests[@]}") ;;
check) wanted=("${build[@]}" "${lints[@]}") ;;
bench) wanted=("${build[@]}" "${bench[@]}") ;;
deb) wanted=("${build[@]}" "${deb[@]}") ;;
*)
    echo "usage: tools/deps.sh build|test|check|bench|deb" >&2
    exit 2
    ;;
esac
# Any Node.js on the path will do; Debian 12 has 18.
if [ "$1" = test ] && [ -f tests/e2e/node/package.json ] && ! command -v npm >/dev/null; then
    wanted+=(nodejs npm)
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "deps: this is not Debian; the packages of Debian 12 are: ${wanted[*]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null || true)
    if ! grep -qx installed <<<"$status"; then
        missing+=("$package")
    fi
done
if [ "${#missing[@]}" -eq 0 ]; then
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps: missing, and neither root nor sudo: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
if [ -n "${NO_INSTALL:-}" ]; then
    echo "deps: missing: apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "deps: installing Debian packages: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o APT::Install-Recommends=0)
if ! "${apt[@]}" install -y "${missing[@]}" >/dev/null 2>&1; then
    # the lists are missing (a fresh machine) or old; a foreign source that fails must not stop us
    "${apt[@]}" update || echo "deps: apt-get update complained; trying to install all the same" >&2
    "${apt[@]}" install -y "${missing[@]}"
fi
