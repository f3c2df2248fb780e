"""Logs error records through Toolkit's own handler, at a steady rate, and prints how many.

Arguments: name of the log, records per second, seconds. SHOTGUN_HOME says where the logs are.
"""

import sys
import time

from tank import LogManager

name, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
manager = LogManager()
manager.initialize_base_file_handler(name)
logger = LogManager.get_logger("env.project.%s.tk-multi-publish2" % name)

# Twenty problems, each with a function of its own.
for letter in "abcdefghijklmnopqrst":
    exec("def step_%s(item):\n    raise ValueError('bad range')\n" % letter)
steps = [value for key, value in sorted(globals().items()) if key.startswith("step_")]

began = time.monotonic()
written = 0
while True:
    elapsed = time.monotonic() - began
    if elapsed >= seconds:
        break
    while written < elapsed * rate:
        try:
            steps[written % len(steps)](written)
        except ValueError:
            logger.exception("Item %d failed", written)
        written += 1
    time.sleep(0.005)
print(written)
