"""Traffic in which nothing is to be found: made here from a seed, and real text of this machine."""
import base64
import gzip
import random
import subprocess
from pathlib import Path

from secret_texts import negatives

WORDS = ("the service reads a block from the queue and writes it to the next stage when the buffer is full the caller waits until space is free "
         "a release is cut every second week after the tests have passed on all supported systems and the notes are written by the team").split()


def words(r, n):
    return " ".join(r.choice(WORDS) for _ in range(n))


def hexes(r, n):
    return r.randbytes(n).hex()


def digits(r, n):
    return str(r.randint(1, 9)) + "".join(str(r.randint(0, 9)) for _ in range(n - 1))


def uuid(r):
    h = hexes(r, 16)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-b{h[17:20]}-{h[20:]}"


def log_line(r, n):
    t = f"2026-03-{1 + n % 28:02d}T{r.randint(0, 23):02d}:{r.randint(0, 59):02d}:{r.randint(0, 59):02d}.{r.randint(0, 999):03d}Z"
    return r.choice([
        lambda: f"{t} INFO  [http-{r.randint(1, 64)}] GET /v1/items/{digits(r, 9)} 200 {r.randint(100, 99999)}B {r.randint(1, 900)}ms req={uuid(r)}",
        lambda: f"{t} WARN  [pool-{r.randint(1, 9)}] connection reset by 10.{r.randint(0, 9)}.{r.randint(0, 255)}.{r.randint(1, 254)}:{r.randint(1024, 65535)}, retry {r.randint(1, 5)}",
        lambda: f"{t} DEBUG commit offset={digits(r, 11)} partition={r.randint(0, 31)} lag={r.randint(0, 9999)} epoch={r.randint(1600000000, 1790000000)}",
        lambda: f"{t} INFO  build {hexes(r, 4)[:7]} of main passed in {r.randint(10, 900)}.{r.randint(0, 99):02d} s, {digits(r, 4)} tests",
        lambda: f"[{r.randint(1000, 99999)}.{digits(r, 6)}] usb 1-{r.randint(1, 9)}: new high-speed device number {r.randint(2, 99)} using xhci_hcd",
        lambda: f"{t} ERROR NullPointerException at com.example.shop.cart.CartService.total(CartService.java:{r.randint(10, 900)})",
        lambda: f"127.0.0.1 - - [{1 + n % 28:02d}/Mar/2026:10:11:12 +0000] \"GET /static/{hexes(r, 8)}.js HTTP/1.1\" 304 0 \"-\" \"Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0\""])()


def orders(r, n):
    return f"{n},{digits(r, 10)},{digits(r, 8)},{r.randint(1, 40)},{r.randint(1, 900)}.{r.randint(0, 99):02d},{r.choice(['shipped', 'open', 'returned'])},1Z{digits(r, 6)}{digits(r, 10)},2026-03-{1 + n % 28:02d}"


def metrics(r, n):
    return f"{{\"ts\":{1760000000000 + n * 1000 + r.randint(0, 999)},\"host\":\"node-{r.randint(1, 99)}\",\"cpu\":{r.random():.6f},\"rss\":{digits(r, 9)},\"seq\":{digits(r, 12)},\"span\":\"{hexes(r, 8)}\"}}"


def code_line(r, n):
    a, b = r.sample(WORDS, 2)
    return r.choice([
        lambda: f"    {a}_{b} = self.{b}_{a}({r.randint(0, 999)}, timeout={r.randint(1, 99)})", lambda: f"static const uint32_t {a}_table_{n} = 0x{hexes(r, 4)}u;",
        lambda: f"    if ({a}->{b} >= {digits(r, 5)} && {b} != NULL) {{", lambda: f"        const {a}Total = {b}.reduce((s, x) => s + x.{a}, 0); // {words(r, 5)}",
        lambda: f"    public void set{a.capitalize()}{b.capitalize()}(final String {a}) {{ this.{a} = {a}; }}", lambda: f"@{a}.route(\"/{b}/<int:id>\")\ndef {a}_{b}(id: int) -> Response:",
        lambda: f"    assert {a}(\"{words(r, 4)}\") == {digits(r, 10)}", lambda: f"version = \"{r.randint(0, 9)}.{r.randint(0, 40)}.{r.randint(0, 900)}\"  # {words(r, 3)}",
        lambda: f"#define {a.upper()}_{b.upper()}_MAX {digits(r, 9)}", lambda: f"import {{ {a}, {b} }} from '@scope/{a}-{b}';"])()


def synthetic(seed=7, size=120_000):
    """→ (carrier, text), each carrier about `size` characters."""
    r = random.Random(seed)

    def upto(make):
        out, total, n = [], 0, 0
        while total < size:
            out.append(make(n))
            total += len(out[-1]) + 1
            n += 1
        return "\n".join(out)
    yield "logs", upto(lambda n: log_line(r, n))
    yield "orders.csv", "no,order_id,sku,qty,price,status,tracking,date\n" + upto(lambda n: orders(r, n))
    yield "telemetry", upto(lambda n: metrics(r, n))
    yield "code", upto(lambda n: code_line(r, n))
    yield "hashes", upto(lambda n: r.choice([lambda: hexes(r, 32) + "  lib/file%d.so" % n, lambda: "commit " + hexes(r, 20), lambda: hexes(r, 16) + "  a.txt", lambda: uuid(r)])())
    yield "lock files", upto(lambda n: f"    \"node_modules/p{n}\": {{\"version\": \"{n % 9}.{n % 7}.{n % 5}\", \"resolved\": \"https://registry.npmjs.org/p{n}/-/p{n}-1.0.0.tgz\", \"integrity\": \"sha512-{base64.b64encode(r.randbytes(64)).decode()}\"}},")
    yield "base64", upto(lambda n: base64.b64encode(r.randbytes(57)).decode())
    yield "numbers", upto(lambda n: " ".join(digits(r, r.choice([3, 5, 6, 8, 9, 10, 11, 12, 13, 15, 16])) for _ in range(8)))
    yield "floats", upto(lambda n: ", ".join(f"{r.uniform(-900, 900):.6f}" for _ in range(8)))
    keep = [x for x, _ in negatives(r)]
    yield "secret look-alikes", upto(lambda n: keep[n % len(keep)])
    yield "prose", upto(lambda n: words(r, 30).capitalize() + ".")


def shares(paths, size):
    out, total = [], 0
    for p in paths:
        try:
            data = p.read_bytes()
        except OSError:
            continue
        if p.suffix == ".gz":
            data = gzip.decompress(data)
        text = data[:30_000].decode("utf-8", "ignore").replace("\0", "")
        out.append((p.name, text))
        total += len(text)
        if total > size:
            break
    return out


def real(root, size=700_000, seed=9):
    """→ (carrier, name, text): real files of a Debian machine and of this repository; read, never kept."""
    r = random.Random(seed)

    def some(base, pattern, skip=()):
        paths = sorted(p for p in Path(base).rglob(pattern) if p.is_file() and not any(s in str(p) for s in skip))
        r.shuffle(paths)
        return paths
    kinds = [("Python code", some("/usr/lib/python3", "*.py", ("stdnum",)) + some("/usr/lib/python3.11", "*.py", ("lib2to3",))), ("C headers", some("/usr/include", "*.h")),
             ("changelogs", some("/usr/share/doc", "changelog*.gz")), ("copyright files", some("/usr/share/doc", "copyright")), ("Perl code", some("/usr/share/perl", "*.pm")),
             ("JavaScript", some("/usr/share/nodejs", "*.js") + some("/usr/lib/node_modules", "*.js")), ("JSON", some("/usr/share/nodejs", "*.json") + some("/usr/lib/node_modules", "*.json"))]
    tracked = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False).stdout.split()
    mine = [root / p for p in tracked if p.endswith((".c", ".h", ".md", ".def", ".py", ".sh")) and not p.startswith(("rules", "tests", "fuzz", "bench", "src/inspect", "src/mask", "docs/detection"))]
    kinds.append(("this repository", mine))
    for kind, paths in kinds:
        for name, text in shares(paths, size):
            yield kind, name, text
