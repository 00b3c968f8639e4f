import json

import pytest


@pytest.fixture(scope="session")
def problems(tmp_path_factory):
    """Eight train problems, so that twelve steps of two prompts are three epochs."""
    folder = tmp_path_factory.mktemp("problems")
    for name, start_at in (("train", 3), ("held_out", 40)):
        rows = [{"question": f"{a}+{a + 2}=?", "answer": str(2 * a + 2)} for a in range(start_at, start_at + 8)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder
