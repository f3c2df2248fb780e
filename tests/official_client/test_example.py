"""The example of docs/desk.md runs as it stands."""

import os
import pathlib
import subprocess
import sys

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "desk_client.py"


def test_the_example_files_finds_and_closes_a_ticket() -> None:
    environ = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], env=environ, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "filed    1  Maya closes on save (wtg)",
        "attached 1  '저장할 수 없습니다\\n'",
        "found    1  Maya closes on save in Incidents: We are looking into it., maya.log",
        "counted  1  res",
    ]
