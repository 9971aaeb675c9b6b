"""Fusion and calibration, on scores of rows that the scoring model has not seen."""
import numpy as np

SMALL, LARGE, TINY, SIGNATURE, FLAG = 0, 8, 16, 24, 40
DECODED, HIDDEN, LENGTH, SCRIPT, SOURCE = 56, 57, 58, 66, 72
SOURCE_SMALL, SOURCE_LARGE, SOURCE_TASK, OVER, KIND, INPUTS = 80, 88, 96, 104, 106, 108
KNOTS = 21


def pick(inputs, weights, bias):
    """Per text the view that scores highest."""
    return np.stack([x[np.argmax(x @ weights + bias)] for x in inputs])


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
