"""The stages of volume.py in small, once: `make volume` is the real thing."""
import volume


def test_volume(tmp_path):
    rows, marks = volume.run(tmp_path, 300, turns=1)
    assert len(rows) == 1 + len(volume.STAGES) and len(marks) == 2
