"""Fusion and calibration, on scores of rows that the scoring model has not seen."""
import numpy as np
from scipy.optimize import minimize

import data

SMALL, LARGE, WHOLE, SIGNATURE, FLAG = 0, 8, 16, 24, 40
DECODED, HIDDEN, LENGTH, SCRIPT, SOURCE = 56, 57, 58, 66, 72
SOURCE_SMALL, SOURCE_LARGE, SOURCE_TASK, OVER, KIND, INPUTS = 80, 88, 96, 104, 106, 108
KNOTS = 21
USER, OUTPUT = data.CHANNELS.index("user"), data.CHANNELS.index("output")


def bounds():
    low, high = np.full(INPUTS, -np.inf), np.full(INPUTS, np.inf)
    for lane in range(8):  # more evidence never lowers a score, but what is only harmful may
        if lane != 5:
            low[[SMALL + lane, LARGE + lane]] = 0
    low[WHOLE:WHOLE + 8], high[WHOLE:WHOLE + 8] = -0.2, 0.2
    low[SMALL + 6] = high[SMALL + 6] = low[LARGE + 6] = high[LARGE + 6] = low[WHOLE + 6] = high[WHOLE + 6] = 0
    low[SIGNATURE:SIGNATURE + 16], high[SIGNATURE:SIGNATURE + 16] = 0, 2.0
    low[FLAG:FLAG + 16], high[FLAG:FLAG + 16] = 0, 0.5  # attacks are disguised more often here than anywhere
    low[DECODED], high[DECODED], low[HIDDEN], high[HIDDEN] = -0.5, 0.5, 0, 0.5
    low[LENGTH:SOURCE_SMALL] = high[LENGTH:SOURCE_SMALL] = 0  # set by `level`, from benign text alone
    low[SOURCE_SMALL:KIND + 2] = 0
    for s in (USER, OUTPUT):  # there a request is what is expected
        low[SOURCE_TASK + s] = high[SOURCE_TASK + s] = 0
    return list(zip(low, high))


def pick(inputs, weights, bias):
    """Per text the view that scores highest."""
    return np.stack([x[np.argmax(x @ weights + bias)] for x in inputs])


def fit(inputs, y, weight, l2=3.0, rounds=3, log=None):
    w = np.zeros(INPUTS)
    w[SMALL + 7] = 1.0
    bias = 0.0
    limits = bounds() + [(None, None)]
    for _ in range(rounds):
        x = pick(inputs, w, bias)

        def loss(p):
            z = x @ p[:-1] + p[-1]
            e = np.exp(-np.abs(z))
            value = (weight * (np.maximum(z, 0) - y * z + np.log1p(e))).sum() + 0.5 * l2 * (p[:-1]**2).sum()
            s = np.where(z >= 0, 1 / (1 + e), e / (1 + e))
            g = weight * (s - y)
            return value, np.append(x.T @ g + l2 * p[:-1], g.sum())

        low = np.array([b[0] if b[0] is not None else -np.inf for b in limits])
        high = np.array([b[1] if b[1] is not None else np.inf for b in limits])
        start = np.clip(np.append(w, bias), low, high)
        done = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 150})
        w, bias = done.x[:-1], done.x[-1]
        if log:
            log(f"fusion: loss {done.fun / weight.sum():.4f}")
    return bias, w


def quantile(values, weights, q):
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(len(values) - 1, np.searchsorted(share, q))])


def level(w, logits, x, weight, share=0.98):
    """Offsets per length and script, so that honest text of each has the same loudest fiftieth."""
    w = w.copy()
    for first, n in ((SCRIPT, 6), (LENGTH, 8)):
        whole = quantile(logits, weight, share)
        for i in range(n):
            mine = x[:, first + i] > 0
            if mine.sum() < 30:
                continue
            trust = mine.sum() / (mine.sum() + 300.0)
            step = np.clip((whole - quantile(logits[mine], weight[mine], share)) * trust, -1.5, 1.0)
            w[first + i] += step
            logits = logits + step * mine
    return w, logits


def knots(logits, weight):
    """Logits at which the scores 0, 50 … 1000 begin: 250 for each tenth part of the false alarms. Past what the rows can show,
    the tail goes on as it fell between one in twenty and one in two hundred."""
    rates = 10.0 ** (-np.arange(KNOTS) * 50 / 250.0)
    slope = max(0.6, quantile(logits, weight, 0.995) - quantile(logits, weight, 0.95))
    seen = max(0.002, 10.0 / len(logits))
    base = quantile(logits, weight, 1 - seen)
    out = []
    for rate in rates:
        if rate >= 0.999:
            out.append(quantile(logits, weight, 0.001) - 0.5)
        elif rate >= seen:
            out.append(quantile(logits, weight, 1 - rate))
        else:
            out.append(base + slope * np.log10(seen / rate))
    return np.maximum.accumulate(np.array(out) + np.arange(KNOTS) * 1e-3)
