"""The linear model: learns on the loudest windows, which is what the server will look at."""
import numba
import numpy as np

LANES = 8
WIDTHS = (2, 4, 16)  # blocks of a window: tiny, small, large
SHARES = (0.3, 0.4, 0.3)  # how much each counts for learning
FEW = 64
BITS = 20


@numba.njit(cache=True, fastmath=True)
def _sigmoid(x):
    if x < -30.0:
        return 0.0
    if x > 30.0:
        return 1.0
    return 1.0 / (1.0 + np.exp(-x))


@numba.njit(cache=True)
def _keep(gram, salt, dropout):
    h = (gram * np.uint32(2654435761)) ^ salt
    h = np.uint32(h ^ (h >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    h = np.uint32(h ^ (h >> np.uint32(13)))
    return (h & np.uint32(0xFFFF)) >= dropout


@numba.njit(cache=True, fastmath=True)
def _blocks(stream, at, views, w, shift, salt, dropout, sums, counts, view_of, first, last):
    """Sums of weights of every block of every view; how many blocks there are."""
    n = 0
    for v in range(views):
        blocks, ids = stream[at + 2], stream[at + 3]
        base = at + 4 + blocks
        begin = 0
        for b in range(blocks):
            end = stream[at + 4 + b]
            if n < len(counts):
                s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = np.float32(0)
                for i in range(base + begin, base + end):
                    g = stream[i]
                    if dropout == 0 or _keep(g, salt, dropout):
                        row = w[g >> shift]
                        s0 += row[0]
                        s1 += row[1]
                        s2 += row[2]
                        s3 += row[3]
                        s4 += row[4]
                        s5 += row[5]
                        s6 += row[6]
                        s7 += row[7]
                s = sums[n]
                s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7] = s0, s1, s2, s3, s4, s5, s6, s7
                counts[n] = end - begin
                view_of[n] = v
                first[n] = base + begin
                last[n] = base + end
                n += 1
            begin = end
        at = base + ids
    return n


@numba.njit(cache=True, fastmath=True)
def _loudest(sums, counts, view_of, n, width, bias, best, start, size):
    """Per lane the loudest window of `width` blocks that lies within one view."""
    for h in range(LANES):
        best[h] = -1e9
    lo = 0
    while lo < n:
        hi = lo
        while hi < n and view_of[hi] == view_of[lo]:
            hi += 1
        have = hi - lo
        m = min(width, have)
        for e in range(lo + m, hi + 1):
            c = 0
            for b in range(e - m, e):
                c += counts[b]
            root = 1.0 / np.sqrt(max(c, FEW))
            for h in range(LANES):
                s = 0.0
                for b in range(e - m, e):
                    s += sums[b, h]
                z = bias[h] + s * root
                if z > best[h]:
                    best[h] = z
                    start[h] = e - m
                    size[h] = m
        lo = hi


@numba.njit(cache=True, fastmath=True)
def epoch(stream, starts, order, y, m, w, acc, bias, bias_acc, shift, lr, l2, dropout, seed):
    cap = 20000
    sums = np.zeros((cap, LANES), np.float32)
    counts = np.zeros(cap, np.int64)
    view_of = np.zeros(cap, np.int64)
    first = np.zeros(cap, np.int64)
    last = np.zeros(cap, np.int64)
    push = np.zeros((cap, LANES), np.float32)
    best = np.zeros(LANES)
    start = np.zeros(LANES, np.int64)
    size = np.zeros(LANES, np.int64)
    loss = 0.0
    for k in range(len(order)):
        t = order[k]
        salt = np.uint32((np.uint64(t) * np.uint64(2654435761) + np.uint64(seed) * np.uint64(97)) &
                         np.uint64(0xFFFFFFFF))
        at = starts[t]
        n = _blocks(stream, at + 2, stream[at + 1], w, shift, salt, dropout, sums, counts, view_of,
                    first, last)
        if n == 0:
            continue
        push[:n] = 0
        lowest, highest = n, 0
        for which in range(3):
            _loudest(sums, counts, view_of, n, WIDTHS[which], bias, best, start, size)
            for h in range(LANES):
                if m[t, h] == 0:
                    continue
                p = _sigmoid(best[h])
                g = m[t, h] * (p - y[t, h]) * SHARES[which]
                if h == LANES - 1:
                    loss += m[t, h] * (np.log1p(np.exp(-abs(best[h]))) + max(best[h], 0) -
                                       y[t, h] * best[h])
                if abs(g) < 1e-3:
                    continue
                c = 0
                for b in range(start[h], start[h] + size[h]):
                    c += counts[b]
                root = 1.0 / np.sqrt(max(c, FEW))
                for b in range(start[h], start[h] + size[h]):
                    push[b, h] += g * root
                lowest = min(lowest, start[h])
                highest = max(highest, start[h] + size[h])
                bias_acc[h] += g * g
                bias[h] -= 0.3 * lr * g / np.sqrt(bias_acc[h])
        for b in range(lowest, highest):
            any_push = False
            for h in range(LANES):
                if push[b, h] != 0:
                    any_push = True
            if not any_push:
                continue
            for i in range(first[b], last[b]):
                gram = stream[i]
                if dropout != 0 and not _keep(gram, salt, dropout):
                    continue
                row = w[gram >> shift]
                a = acc[gram >> shift]
                for h in range(LANES):
                    g = push[b, h]
                    if g != 0:
                        g += l2 * row[h]
                        a[h] += g * g
                        row[h] -= lr * g / np.sqrt(a[h])
    return loss / len(order)


@numba.njit(cache=True, fastmath=True)
def predict(stream, starts, w, bias, shift):
    """Per text and lane the loudest window of each width."""
    n_texts = len(starts) - 1
    out = np.zeros((n_texts, 3, LANES), np.float32)
    cap = 20000
    sums = np.zeros((cap, LANES), np.float32)
    counts = np.zeros(cap, np.int64)
    view_of = np.zeros(cap, np.int64)
    first = np.zeros(cap, np.int64)
    last = np.zeros(cap, np.int64)
    best = np.zeros(LANES)
    start = np.zeros(LANES, np.int64)
    size = np.zeros(LANES, np.int64)
    for t in range(n_texts):
        at = starts[t]
        n = _blocks(stream, at + 2, stream[at + 1], w, shift, np.uint32(0), 0, sums, counts, view_of,
                    first, last)
        for which in range(3):
            if n == 0:
                out[t, which] = bias
                continue
            _loudest(sums, counts, view_of, n, WIDTHS[which], bias, best, start, size)
            out[t, which] = best
    return out


def train(stream, starts, index, y, m, bits=19, epochs=6, lr=0.15, l2=1e-5, dropout=0.15, seed=1,
          log=None):
    """Rows `index` only. Returns weights (buckets x lanes) and biases."""
    rng = np.random.default_rng(seed)
    shift = np.uint32(BITS - bits)
    w = np.zeros((1 << bits, LANES), np.float32)
    acc = np.full((1 << bits, LANES), 1e-4, np.float32)
    bias = np.full(LANES, -2.0)
    bias_acc = np.full(LANES, 1.0)
    for e in range(epochs):
        order = rng.permutation(index)
        rate = lr * (1.0 - 0.8 * e / max(1, epochs - 1))
        loss = epoch(stream, starts, order, y, m, w, acc, bias, bias_acc, shift, rate, l2,
                     np.uint32(dropout * 65536), seed * 1000 + e)
        if log:
            log(f"epoch {e + 1}: loss {loss:.4f}")
    return w, bias
