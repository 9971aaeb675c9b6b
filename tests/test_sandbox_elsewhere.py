"""The sandbox on machines that give less than root on a new kernel: nobody, a kernel without Landlock, what
container runtimes leave. It must hold or refuse, and say what differs."""
import ctypes
import json
import os
import pathlib
import platform
import shutil
import struct
import subprocess
import sys
import tempfile

import pytest

import house
from house import POSTERN, Gateway, Upstream

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="becoming somebody else needs root")
X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers of system calls here are those of x86-64")
ENOSYS, EPERM, EOPNOTSUPP = 38, 1, 95
LANDLOCK = (444, 445, 446)
# What Docker's default profile keeps from a process without more capabilities (moby profiles/seccomp).
DOCKER = {155: EPERM, 165: EPERM, 166: EPERM, 246: EPERM, 248: EPERM, 249: EPERM, 250: EPERM, 272: EPERM, 298: EPERM,
          304: EPERM, 308: EPERM, 310: EPERM, 311: EPERM, 313: EPERM, 321: EPERM, 323: EPERM, 425: EPERM, 426: EPERM,
          427: EPERM, 435: ENOSYS, 101: EPERM, 161: EPERM}
DOCKER_CAPS = "chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw,sys_chroot,mknod," \
              "audit_write,setfcap"


def deny(calls):
    """Answers these system calls with an error for this process and all it starts; used by the wrapper below."""
    rows = [(0x20, 0, 0, 0)]  # the number of the call
    for number, error in calls.items():
        rows += [(0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | error)]
    rows.append((0x06, 0, 0, 0x7fff0000))
    code = b"".join(struct.pack("HBBI", *row) for row in rows)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxQ", len(rows), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # no new privileges
    assert libc.prctl(22, 2, ctypes.c_char_p(program)) == 0, os.strerror(ctypes.get_errno())


def denying(calls):
    """The start of a command line under such a filter."""
    return [sys.executable, str(pathlib.Path(__file__).resolve()), json.dumps(calls)]


@pytest.fixture
def folder():
    """A folder that others may enter, unlike pytest's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="postern-elsewhere-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def give(path, uid):
    for p in [path, *path.rglob("*")]:
        os.chown(p, uid, uid, follow_symlinks=False)


def trial(wrapper=()):
    """(exit status, what `postern sandbox` says) there. The leak check of a sanitizer build needs calls that are
    refused here, and its outcome would be the exit status."""
    env = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    done = subprocess.run([*wrapper, str(POSTERN), "sandbox", "--json"], capture_output=True, text=True, check=False,
                          timeout=60 * house.PATIENCE, env=env)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def works(gw):
    """It answers, every part is confined; what each holds is returned."""
    assert gw.chat().status == 200
    assert gw.chat({"stream": True}).status == 200
    assert gw.verify()
    roles = house.wait_for(lambda: (lambda r: r if all(x["sandbox"] for x in r) else None)(gw.status()["roles"]))
    assert roles and all(r["seccomp"] and r["up"] for r in roles)
    said = {r["role"]: r["sandbox"].split(",") for r in roles}
    for role, layers in said.items():
        assert {"seccomp", "nnp", "nodump"} <= set(layers), f"{role}: {layers}"
    for (role, index), pid in gw.pids().items():
        text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        assert fields["Seccomp"] == "2" and fields["NoNewPrivs"] == "1", f"{role}/{index}"
        assert int(fields["CapEff"], 16) == 0 and int(fields["CapPrm"], 16) == 0, f"{role}/{index}"
    return said


def test_here(folder):
    status, said = trial()
    assert all(r["confined"] for r in said["roles"]) and len(said["roles"]) == 9
    assert (status == 0) == said["strict"] == (said["landlock_abi"] > 0)
    if said["strict"]:
        with Upstream() as upstream, Gateway(folder, upstream, extra="sandbox: strict") as gw:
            for role, layers in works(gw).items():
                assert any(x.startswith("landlock=") for x in layers), role
                assert ("unprivileged" in layers) == (os.geteuid() != 0 or role != "control"), role
            assert not any("sandbox" in r for r in gw.records()), "a record speaks of a gap that is not there"


@ROOT_ONLY
def test_nobody(folder):
    """Without root there is one user for all, and everything else holds."""
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    status, said = trial(nobody)
    assert not said["own_users"] and all(r["confined"] for r in said["roles"])
    with Upstream() as upstream:
        gw = Gateway(folder, upstream, wrapper=nobody, start=False,
                     extra="sandbox: strict" if said["strict"] else "")
        give(folder, 65534)
        with gw:
            gw.start()
            for role, layers in works(gw).items():
                assert "unprivileged" in layers, role
            assert {os.stat(f"/proc/{pid}").st_uid for pid in gw.pids().values()} <= {0, 65534}


@X86
@pytest.mark.parametrize("error", [ENOSYS, EOPNOTSUPP], ids=["not built", "not enabled"])
def test_without_landlock(folder, error):
    wrapper = denying({n: error for n in LANDLOCK})
    status, said = trial(wrapper)
    assert status == 1 and not said["strict"] and said["landlock_abi"] == 0
    assert all(r["confined"] for r in said["roles"]), "the other layers hold by themselves"
    if error == EOPNOTSUPP:
        return  # the same way from here on
    with Upstream() as upstream:
        with Gateway(folder / "normal", upstream, wrapper=wrapper) as gw:
            for role, layers in works(gw).items():
                assert not any(x.startswith("landlock") for x in layers), role
            assert all(r.get("sandbox") == "no_landlock" for r in gw.records()), "a record does not say so"
        with pytest.raises(RuntimeError, match="(?s)strict.*Landlock"):
            Gateway(folder / "strict", upstream, wrapper=wrapper, extra="sandbox: strict")


@X86
@ROOT_ONLY
def test_container_as_root(folder):
    """Docker's default: root with few capabilities, a profile that refuses calls, a process namespace."""
    caps = ",".join("+" + c for c in DOCKER_CAPS.split(","))
    wrapper = ["setpriv", f"--bounding-set=-all,{caps}", *denying(DOCKER)]
    status, said = trial(wrapper)
    assert said["own_users"] and all(r["confined"] for r in said["roles"])
    with Upstream() as upstream, Gateway(folder, upstream, wrapper=wrapper) as gw:
        for role, layers in works(gw).items():
            assert ("unprivileged" in layers) == (role != "control"), role


@X86
def test_container_without_root(folder):
    """Podman's way: root of a user namespace that has one user id; the same profile."""
    wrapper = ["unshare", "--user", "--map-root-user", *denying(DOCKER)]
    if subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True, check=False).returncode:
        pytest.skip("user namespaces are not to be had")
    status, said = trial(wrapper)
    assert not said["own_users"] and all(r["confined"] for r in said["roles"])
    with Upstream() as upstream, Gateway(folder, upstream, wrapper=wrapper) as gw:
        works(gw)


@X86
def test_kernel_without_seccomp():
    """Nothing runs where the filter cannot be loaded, whatever the configuration says."""
    status, said = trial(denying({317: ENOSYS, 157: ENOSYS}))
    assert status == 1 and not any(r["confined"] for r in said["roles"])


if __name__ == "__main__":
    deny({int(k): v for k, v in json.loads(sys.argv[1]).items()})
    os.execvp(sys.argv[2], sys.argv[2:])
