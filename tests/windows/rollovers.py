"""Writes a log by Toolkit's own handler, as a host on Windows does, and tells whether its rollovers work.

    python rollovers.py LOG MAX_BYTES [FOLDER_WITH_TANK]

Reads numbers on stdin, one a line: so many records are written at once, then answers `written rollovers refused`,
all counted since the start. Says so once before the first. Ends with stdin.
"""

import logging
import sys

if len(sys.argv) > 3:
    sys.path.insert(0, sys.argv[3])

from tank.log import LogManager  # noqa: E402


class Handler(LogManager._SafeRotatingFileHandler):
    rollovers = 0
    refused = 0

    def doRollover(self):
        self.rollovers += 1
        super().doRollover()
        if self._disable_rollover:
            self.refused += 1
            # Once is for ever: the count would stop here.
            self._disable_rollover = False


def main():
    handler = Handler(sys.argv[1], maxBytes=int(sys.argv[2]), backupCount=1, encoding="utf8")
    handler.setFormatter(logging.Formatter("%(asctime)s [%(process)d %(levelname)s %(name)s] %(message)s"))
    logger = logging.getLogger("sgtk.env.project.tk-maya")
    logger.propagate = False
    logger.addHandler(handler)
    written = 0
    print(0, 0, 0, flush=True)
    for line in sys.stdin:
        for _ in range(int(line)):
            logger.error("record %06d of a host", written)
            written += 1
        print(written, handler.rollovers, handler.refused, flush=True)


main()
