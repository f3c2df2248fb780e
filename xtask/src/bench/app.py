"""How long our Toolkit app holds a host's start up: in a real engine, with the agent running.

`cargo xtask bench app` calls it with the Python of the Toolkit tests; TK_INCIDENT_BIN names the program.
"""

import os
import pathlib
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "toolkit"))

import toolkit_core  # noqa: E402
from conftest import Workplace  # noqa: E402

TIMES = 50
BUDGET_MS = 20


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        toolkit_core.assemble(str(folder / "core"))
        (folder / "work").mkdir()
        place = Workplace(os.environ["TK_INCIDENT_BIN"], folder / "core", folder / "work")
        try:
            host = place.start("tk-maya")
            place.agent.wait_until_up()
            taken = host.do("time_starts", times=TIMES)
        finally:
            place.close()
    over = False
    for step, figures in taken.items():
        processor, clock = zip(*figures)
        print(
            "%s, %d times: median %.2f ms of processor time, %.2f ms by the clock; longest %.2f ms by the clock"
            % (step, TIMES, statistics.median(processor), statistics.median(clock), max(clock))
        )
        over = over or statistics.median(processor) > BUDGET_MS
    return "over the budget of %d ms" % BUDGET_MS if over else None


if __name__ == "__main__":
    sys.exit(main())
