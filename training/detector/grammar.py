"""Sentences from templates: «a|b|c» is one of three, ‹name› is one of the bank's list of that name."""
import re

CHOICE = re.compile("«([^«»]*)»")
SLOT = re.compile("‹([a-z_0-9]+)›")


def expand(template, bank, rng):
    """Bounded: a bank that names itself without end is an error."""
    text = template
    for _ in range(16):
        filled = SLOT.sub(lambda m: rng.choice(bank[m.group(1)]), text)
        if filled == text:
            break
        text = filled
    else:
        raise ValueError("a bank refers to itself: " + template)
    while True:
        chosen = CHOICE.sub(lambda m: rng.choice(m.group(1).split("|")), text)
        if chosen == text:
            return re.sub(" +([.,;?!])(?=\\s|$)", r"\1", re.sub("  +", " ", text)).strip()
        text = chosen


def sentence(text):
    return text[:1].upper() + text[1:]


def some(bank, name, rng, low, high, glue=" "):
    """Between low and high different entries of a list, expanded and joined."""
    entries = bank[name]
    n = min(len(entries), rng.randint(low, high))
    return glue.join(sentence(expand(t, bank, rng)) for t in rng.sample(entries, n))
