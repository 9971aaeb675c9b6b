"""The Debian package: what it holds, and its life from installation to purge, in a copy of this machine's
root folder (an overlay that is thrown away), with the privileges that its systemd unit leaves."""
import http.client
import json
import os
import pathlib
import re
import resource
import select
import shutil
import socket
import subprocess
import sys
import time

import pytest

import house
from house import BUILD, PATIENCE, ROOT, Upstream, wait_for

sys.path.insert(0, str(ROOT / "tools"))
import docs  # noqa: E402
import man  # noqa: E402

UNIT = ROOT / "packaging" / "systemd" / "postern.service"
PREFIXES = ("/etc/postern/", "/lib/systemd/system/postern.service", "/usr/bin/postern", "/usr/lib/postern/",
            "/usr/share/doc/postern/", "/usr/share/man/", "/usr/share/postern/")


def sanitized():
    return b"__asan_init" in (BUILD / "postern-role").read_bytes()


if sanitized():
    pytest.skip("a package is made of a release build", allow_module_level=True)


def run(*args, check=True, **more):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False, **more)
    assert not check or done.returncode == 0, f"{args}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="module")
def debs(tmp_path_factory):
    """Two versions of the package; what is in them is the same."""
    out = tmp_path_factory.mktemp("deb")
    env = {**os.environ, "BUILD": str(BUILD), "VERSION": "0.1.0", "PACK": "-Zgzip -z1"}
    first = pathlib.Path(run(ROOT / "tools" / "deb.sh", out, env=env, cwd=ROOT).stdout.strip())
    run("dpkg-deb", "-R", first, out / "next")
    control = out / "next" / "DEBIAN" / "control"
    control.write_text(control.read_text(encoding="utf-8").replace("Version: 0.1.0\n", "Version: 0.1.1\n"))
    second = out / first.name.replace("0.1.0", "0.1.1")
    run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", out / "next", second)
    return [first, second]


def unit(section="Service"):
    """The unit as a list of (key, value), in order."""
    text = UNIT.read_text(encoding="utf-8").split(f"[{section}]", 1)[1].split("\n[", 1)[0]
    return [tuple(line.split("=", 1)) for line in text.splitlines() if "=" in line and not line.startswith("#")]


# --- what is in it --------------------------------------------------------------------------------


def test_control(debs):
    fields = dict(line.split(": ", 1) for line in run("dpkg-deb", "-f", debs[0]).stdout.splitlines()
                  if re.match(r"[A-Z][\w-]*: ", line))
    assert fields["Package"] == "postern" and fields["Version"] == "0.1.0"
    assert 5000 < int(fields["Installed-Size"]) < 100000
    named = {re.match(r"[\w.+-]+", d)[0] for d in fields["Depends"].split(", ")} - {"init-system-helpers"}
    # exactly the packages that own what the loader needs, by another way than the one that wrote them
    sonames = {soname for name in ("postern", "postern-role")
               for soname in re.findall(r"NEEDED.*\[(.+)\]", run("readelf", "-d", BUILD / name).stdout)}
    owners = run("dpkg", "-S", *(f"*/{soname}" for soname in sonames), check=False).stdout
    needed = {line.split(":")[0] for line in owners.splitlines() if re.search(r": (/usr)?/lib/[^/]+-linux-gnu/[^/]+$", line) and "-dev" not in line}
    assert named - needed <= {"libgcc-s1", "libstdc++6"} and needed - named <= {"libgcc-s1", "libstdc++6"}


def test_files(debs):
    rows = [line.split(None, 5) for line in run("dpkg-deb", "-c", debs[0]).stdout.splitlines()]
    files = [(row[0], row[1], row[5].split(" -> ")[0].removeprefix(".")) for row in rows if row[0][0] != "d"]
    assert files
    for mode, owner, name in files:
        assert owner == "root/root", name
        assert name.startswith(PREFIXES), name
        assert "s" not in mode and not (mode[0] == "-" and mode[8] == "w"), f"{mode} {name}"
    names = {name for _, _, name in files}
    assert {"/usr/bin/postern", "/usr/lib/postern/postern", "/usr/lib/postern/postern-role",
            "/etc/postern/postern.yaml", "/usr/share/doc/postern/copyright", "/usr/share/doc/postern/changelog.gz",
            "/usr/share/man/man1/postern.1.gz", "/usr/share/man/man5/postern.yaml.5.gz"} <= names
    assert run("dpkg-deb", "-I", debs[0], "conffiles").stdout.split() == [
        "/etc/postern/policies/20-admins.cedar", "/etc/postern/postern.yaml"]


def test_scripts_and_reproducible(debs, tmp_path):
    run("dpkg-deb", "-e", debs[0], tmp_path / "control")
    run("dpkg-deb", "-x", debs[0], tmp_path / "root")
    for name in ("postinst", "prerm", "postrm"):
        run("sh", "-n", tmp_path / "control" / name)
        assert "set -e" in (tmp_path / "control" / name).read_text(encoding="utf-8")
    run("md5sum", "--quiet", "-c", tmp_path / "control" / "md5sums", cwd=tmp_path / "root")
    for program in (tmp_path / "root" / "usr" / "lib" / "postern").iterdir():
        assert str(ROOT).encode() not in program.read_bytes(), f"{program.name} names the folder it was built in"
        assert ".debug_info" not in run("readelf", "-S", program).stdout
    again = {**os.environ, "BUILD": str(BUILD), "VERSION": "0.1.0", "PACK": "-Zgzip -z1"}
    second = run(ROOT / "tools" / "deb.sh", tmp_path, env=again, cwd=ROOT).stdout.strip()
    assert pathlib.Path(second).read_bytes() == debs[0].read_bytes()
    # the packaged configuration is a valid one, and strict
    etc = tmp_path / "root" / "etc" / "postern"
    assert "sandbox: strict" in (etc / "postern.yaml").read_text(encoding="utf-8")
    run(BUILD / "postern", "check", "--config", etc / "postern.yaml")


# --- manual pages ---------------------------------------------------------------------------------


def test_manual_says_what_help_says():
    """A page for every command of the help and for no other, with its options word by word."""
    pages = man.pages("1")
    shown = run(BUILD / "postern", "help").stdout.split("\n\n")[1]
    rows = [r for r in docs.calls((ROOT / "src/cli/commands.def").read_text(encoding="utf-8"), "PST_COMMAND") if r[3]]
    assert len(pages) == len(rows) + 2
    assert [line.strip() for line in shown.splitlines()] == [f"{r[0]:14} {r[3]}".strip() for r in rows]

    def plain(roff):
        return re.sub(r"\s+", " ", re.sub(r"\\f[BR]|\\&|\n\.\w+( \d)?", " ", roff).replace("\\-", "-").replace("\\e", "\\"))
    for words, _, arguments, text, options in rows:
        said = run(BUILD / "postern", "help", *words.split()[:2]).stdout
        assert f"postern {words} {arguments}".rstrip() in said and text in said
        page = plain(pages[f"man1/postern-{words.replace(' ', '-')}.1"])
        for line in options.splitlines():
            assert line in said
            for word in line.removeprefix("  exit status:").replace("…", "...").split():
                assert word in page, f"{words}: {word}"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_manual_is_good_roff():
    for name, text in man.pages("1").items():
        done = run("groff", "-man", "-Tascii", "-ww", input=text)
        assert not done.stderr, f"{name}: {done.stderr}"
        assert "POSTERN" in done.stdout


# --- the unit -------------------------------------------------------------------------------------


def filter_of_unit():
    """The system calls that the unit's SystemCallFilter lines leave, in systemd's order."""
    def group(name):
        found = set()
        for line in run("systemd-analyze", "syscall-filter", name).stdout.splitlines()[1:]:
            word = line.split("#")[0].strip()
            found |= group(word) if word.startswith("@") else {word} - {""}
        return found
    allowed = set()
    for key, value in unit():
        if key == "SystemCallFilter":
            words = value.removeprefix("~").split()
            named = set().union(*(group(w) if w.startswith("@") else {w} for w in words))
            allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_unit_lets_through_what_roles_need():
    table = (ROOT / "src" / "tables" / "sandbox.def").read_text(encoding="utf-8")
    needed = set(re.findall(r"^PST_SANDBOX\([^,]+, (\w+)", table, re.MULTILINE))
    allowed = filter_of_unit()
    assert len(needed) > 100 and needed <= allowed, sorted(needed - allowed)
    assert not {"mount", "ptrace", "bpf", "init_module", "chroot", "reboot", "unshare", "kexec_load"} & allowed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_unit_is_exposed_little(debs, tmp_path):
    run("dpkg-deb", "-x", debs[0], tmp_path)
    done = run("systemd-analyze", "security", "--offline=true", f"--root={tmp_path}", "--threshold=40",
               "postern.service", check=False)
    level = re.search(r"Overall exposure level.*?: ([\d.]+)", done.stdout)
    assert level and float(level[1]) <= 4.0, done.stdout + done.stderr


# --- its life -------------------------------------------------------------------------------------


class Machine:
    """An overlay over this machine's root, in a mount namespace of its own."""

    def __init__(self, folder):
        self.root = folder / "root"
        self.holder = None
        for name in ("root", "mem"):
            (folder / name).mkdir()
        script = (f"mount -t tmpfs none {folder}/mem && mkdir {folder}/mem/u {folder}/mem/w && "
                  f"mount -t overlay none -o lowerdir=/,upperdir={folder}/mem/u,workdir={folder}/mem/w {self.root} && "
                  f"mount -t proc none {self.root}/proc && mount --rbind /dev {self.root}/dev && "
                  f"mount -t tmpfs none {self.root}/run && rm -rf {self.root}/etc/postern && "
                  f"mkdir -p {self.root}/var/lib/postern && mount -t tmpfs -o mode=700 none {self.root}/var/lib/postern && echo ready && exec cat")
        self.holder = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sh", "-c", script],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.holder.stdout.readline()
        if line != "ready\n":
            self.close()
            pytest.skip(f"no overlay of this machine's root can be made: {line.strip()}")

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()

    def outside(self, *args, **more):
        return run("nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", *args, **more)

    def __call__(self, *args, **more):
        return self.outside("chroot", self.root, *args, **more)

    def install(self, deb):
        self.outside("cp", deb, self.root / "var")
        return self("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--no-triggers", "-i", f"/var/{deb.name}",
                    stdin=subprocess.DEVNULL)

    def write(self, path, text):
        self.outside("sh", "-c", f"cat > {self.root}{path}", input=text)

    def start(self):
        """As the unit does: its capabilities, its limits, everything read-only but the state, little of /proc."""
        keys = dict(unit())
        caps = ",".join("+" + c.removeprefix("CAP_").lower() for c in keys["CapabilityBoundingSet"].split())
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # a container may not let root raise it
        limits = [f"--nofile={min(int(keys['LimitNOFILE']), most)}", "--core=0"]
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"postern-package-{os.getpid()}-{time.monotonic_ns()}"
        ready.bind("\0" + name)
        ready.setblocking(False)
        r = self.root
        script = (f"mount --rbind {r} {r} && "
                  f"mount -o remount,bind,ro {r} && mount -t proc -o subset=pid,hidepid=invisible none {r}/proc && "
                  f"exec prlimit {' '.join(limits)} chroot {r} env -i PATH=/usr/bin:/bin NOTIFY_SOCKET=@{name} "
                  f"setpriv --bounding-set=-all,{caps} --no-new-privs {keys['ExecStart']}")
        self.gateway = subprocess.Popen(["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "unshare", "-m", "sh",
                                         "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        with ready:
            wait_for(lambda: self.gateway.poll() is not None or select.select([ready], [], [], 0)[0], 30)
            if not select.select([ready], [], [], 0)[0]:
                self.gateway.kill()
                pytest.fail("not ready: " + self.gateway.stdout.read())
            assert ready.recv(64) == b"READY=1"

    def stop(self):
        self.gateway.terminate()
        assert self.gateway.wait(30 * PATIENCE) == 0, self.gateway.stdout.read()

    def records(self):
        said = json.loads(self("postern", "audit", "verify", "--json").stdout)
        return said["records"]


def ask(port, key, text):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20 * PATIENCE)
    try:
        connection.request("POST", "/v1/chat/completions",
                           json.dumps({"model": "m1", "messages": [{"role": "user", "content": text}]}),
                           {"Content-Type": "application/json", "Authorization": f"Bearer {key}"})
        return connection.getresponse().status
    finally:
        connection.close()


CONFIG = """listen: 127.0.0.1:{port}
admin: 127.0.0.1:{admin}
sandbox: strict
upstreams:
  u: {{url: "{url}", allow_private: true, key: {{file: u.key}}}}
models: {{m1: u}}
policies: policies
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="installing needs root")
def test_install_upgrade_remove(debs, tmp_path):
    upstream = Upstream()
    machine = Machine(tmp_path)
    try:
        said = machine.install(debs[0])
        assert "not started yet" in said.stdout and "pst_" not in said.stdout + said.stderr
        assert "700 root root" in machine("stat", "-c", "%a %U %G", "/var/lib/postern").stdout
        port, admin = house.free_ports(2)
        config = CONFIG.format(port=port, admin=admin, url=upstream.url)
        machine.write("/etc/postern/postern.yaml", config)
        machine.write("/etc/postern/u.key", "sk-upstream\n")
        machine("chmod", "600", "/etc/postern/u.key")
        machine.write("/etc/postern/policies/10-app.cedar",
                      'permit (principal in Postern::Group::"apps", action == Postern::Action::"chat", resource);\n')
        machine("postern", "check")

        machine.start()
        key = machine("postern", "key", "create", "--owner", "Workload/app", "--group", "apps").stdout.strip()
        assert key.startswith("pst_") and "\n" not in key
        assert ask(port, key, "one") == 200
        roles = json.loads(machine("postern", "status", "--json").stdout)["roles"]
        users = {r["role"]: os.stat(f"/proc/{r['pid']}").st_uid for r in roles}
        status = {r["role"]: pathlib.Path(f"/proc/{r['pid']}/status").read_text(encoding="utf-8") for r in roles}
        for role, text in status.items():
            uids = re.search(r"^Uid:\s+(\d+)", text, re.MULTILINE)[1]
            assert (uids == "0") == (role == "control"), f"{role} runs as {uids} {users}"
            assert re.search(r"^CapEff:\s+0+$", text, re.MULTILINE), role
            assert re.search(r"^CapPrm:\s+0+$", text, re.MULTILINE), role
        machine.stop()
        before = machine.records()
        seed = machine("sha256sum", "/var/lib/postern/keys/log.seed").stdout

        machine.install(debs[1])
        assert machine("dpkg-query", "-W", "-f", "${Version}", "postern").stdout == "0.1.1"
        assert machine("cat", "/etc/postern/postern.yaml").stdout == config
        assert machine("sha256sum", "/var/lib/postern/keys/log.seed").stdout == seed
        machine.start()
        assert ask(port, key, "two") == 200
        bad = machine("postern", "check", "--config", "/dev/null", check=False)
        assert bad.returncode == 1
        machine("postern", "check")
        machine("postern", "reload")
        machine("postern", "backup", "/var/backups/postern")
        assert machine("postern", "audit", "verify", "--state", "/var/backups/postern")
        machine.stop()
        assert machine.records() > before
        assert ask_fails(port)

        machine("dpkg", "--no-triggers", "-r", "postern")
        assert machine("test", "-e", "/etc/postern/postern.yaml", check=False).returncode == 0
        assert machine("sha256sum", "/var/lib/postern/keys/log.seed").stdout == seed
        purged = machine("dpkg", "--no-triggers", "-P", "postern")
        assert "evidence stays" in purged.stdout
        for gone in ("/var/lib/postern/keys", "/var/lib/postern/store", "/etc/postern/postern.yaml",
                     "/usr/bin/postern"):
            assert machine("test", "-e", gone, check=False).returncode == 1, gone
        machine.outside(BUILD / "postern", "audit", "verify", "--log", f"{machine.root}/var/lib/postern/audit")
    finally:
        if getattr(machine, "gateway", None) is not None and machine.gateway.poll() is None:
            machine.gateway.kill()
        machine.close()
        upstream.close()


def ask_fails(port):
    def refused():
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return True
        return False
    return wait_for(refused)
