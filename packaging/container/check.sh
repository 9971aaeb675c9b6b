#!/bin/bash
# Executes the steps of the Containerfile without a container daemon, each stage in a chroot that debootstrap
# makes, then starts the result as the recipe says: its user, no capabilities, no new privileges, a read-only
# root and one volume. As root, by hand, with a network.
#   check.sh [DEB]    with a package, the first stage is left out and this is what it would have built
set -euo pipefail
cd "$(dirname "$0")/../.." || exit 1

recipe=packaging/container/Containerfile
work=$(mktemp -d) package=${1:-}
if [ "$(id -u)" -ne 0 ]; then
    echo "check: root is needed for debootstrap and chroot" >&2
    exit 1
fi
if [ -z "${IN_NAMESPACE:-}" ]; then # mounts end with this process
    [ -z "$package" ] || package=$(realpath "$package")
    rmdir "$work"
    IN_NAMESPACE=1 exec unshare --mount --propagation private packaging/container/check.sh ${package:+"$package"}
fi
cleanup() {
    awk -v work="$work/" 'index($5, work) == 1 {print $5}' /proc/self/mountinfo | tac | xargs -r -n1 umount -l
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT

base() {
    local dir=$1
    debootstrap --variant=minbase bookworm "$dir" "${MIRROR:-http://deb.debian.org/debian}" >"$work/debootstrap.log" || {
        tail -5 "$work/debootstrap.log" >&2
        return 1
    }
    cp /etc/resolv.conf "$dir/etc/resolv.conf"
    [ ! -d /etc/apt/apt.conf.d ] || cp -r /etc/apt/apt.conf.d/. "$dir/etc/apt/apt.conf.d/"
    mount -t proc none "$dir/proc"
    mount --bind /dev "$dir/dev"
}

stage=0 root='' folder=/ user='' entry='' health=''
while IFS= read -r line; do
    case $line in
    'FROM '*)
        stage=$((stage + 1)) root=$work/stage$stage folder=/
        [ "$stage" = 1 ] && [ -n "$package" ] && continue
        base "$root"
        ;;
    *) [ "$stage" = 1 ] && [ -n "$package" ] && continue ;;&
    'COPY --from=build '*)
        read -r _ _ from to <<<"$line"
        mkdir -p "$root$to"
        if [ -n "$package" ]; then cp "$package" "$root$to"; else cp -r "$work/stage1$from." "$root$to"; fi
        ;;
    'COPY '*)
        read -r _ from to <<<"$line"
        if [ "$from" = . ]; then
            mkdir -p "$root$to"
            tar -c --exclude-from=.dockerignore . | tar -x -C "$root$to"
        else
            cp -p "$from" "$root$to"
        fi
        ;;
    'WORKDIR '*) folder=${line#WORKDIR } ;;
    'USER '*) user=${line#USER } ;;
    'ENTRYPOINT '*) entry=${line#'ENTRYPOINT ["'} entry=${entry%'"]'} ;;
    'HEALTHCHECK '*) health=$(sed 's/.*CMD \["\(.*\)"\]/\1/; s/", "/ /g' <<<"$line") ;;
    'RUN '*)
        echo "check: stage $stage: ${line#RUN }"
        chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -ec "cd $folder; ${line#RUN }" >"$work/run.log" 2>&1 || {
            tail -20 "$work/run.log" >&2
            exit 1
        }
        ;;
    esac
done < <(sed -e '/^#/d' -e ':a; /\\$/{N; s/\\\n *//; ba}' "$recipe")

# --- run it ---------------------------------------------------------------------------------------
printf 'upstreams: {demo: {url: http://127.0.0.1:9/v1, allow_private: true}}\nmodels: {demo: demo}\nlisten: 127.0.0.1:%s\nadmin: 127.0.0.1:%s\nsandbox: strict\n' \
    "${PORT:-18443}" "$((${PORT:-18443} + 1))" >"$root/etc/postern/postern.yaml"
volume=$work/volume
cp -a "$root/var/lib/postern" "$volume"
mount --bind "$root" "$root"
mount -t proc none "$root/proc"
mount --bind /dev "$root/dev"
mount -o remount,bind,ro "$root"
mount --bind "$volume" "$root/var/lib/postern"
as_user=(chroot "$root" setpriv --reuid "$user" --regid "$user" --init-groups --no-new-privs --bounding-set=-all
    --inh-caps=-all env -i PATH=/usr/bin:/bin)
for round in first second; do
    "${as_user[@]}" "$entry" up >"$work/up.log" 2>&1 &
    pid=$!
    ok=no
    for _ in $(seq 100); do
        # shellcheck disable=SC2086 # the words of the health check
        if "${as_user[@]}" $health >"$work/health.log" 2>&1; then
            ok=yes
            break
        fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.2
    done
    if [ "$ok" != yes ]; then
        cat "$work/up.log" "$work/health.log" >&2
        echo "check: the $round start is not healthy" >&2
        exit 1
    fi
    for _ in $(seq 50); do # roles report a moment after they are ready
        "${as_user[@]}" postern status --json >"$work/status.json"
        ! grep -q '"sandbox":"seccomp' "$work/status.json" || break
        sleep 0.2
    done
    kill -TERM "$pid"
    wait "$pid"
    "${as_user[@]}" postern audit verify >"$work/verify.log"
    echo "check: $round start: $(cat "$work/health.log"), $(grep -o '"sandbox":"[^"]*"' "$work/status.json" | sort | uniq -c | xargs)"
done
umount -l "$root/var/lib/postern"
if "${as_user[@]}" sh -c 'touch /etc/x || touch /usr/x' 2>/dev/null; then
    echo "check: the root can be written to" >&2
    exit 1
fi
echo "check: the recipe is good"
