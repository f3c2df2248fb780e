"""The first version's way to find errors: a loop over lines with regular expressions.

Reads a log line by line, takes a line with ERROR or CRITICAL as the start of an error, joins the traceback that follows
to it, takes the exception's name out of it, and counts by title. The measure for `cargo xtask bench scan`.
"""

import re
import sys

ERROR = re.compile(r"\b(ERROR|CRITICAL)\b")
HEADER = re.compile(r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2},\d{3} ")
EXCEPTION = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Fault|Warning|Interrupt))(?::|$)")


def title(lines):
    for line in reversed(lines):
        found = EXCEPTION.match(line)
        if found:
            return found.group(1).rsplit(".", 1)[-1]
    return "Unknown error: " + lines[0].rsplit("] ", 1)[-1][:60]


def main(path):
    counts = {}
    lines = []

    def finish():
        name = title(lines)
        counts[name] = counts.get(name, 0) + 1
        lines.clear()

    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            line = line.rstrip()
            if lines:
                if not HEADER.match(line):
                    lines.append(line)
                    continue
                finish()
            if ERROR.search(line):
                lines.append(line)
    if lines:
        finish()
    for name, count in sorted(counts.items(), key=lambda pair: -pair[1]):
        print(count, name)


if __name__ == "__main__":
    main(sys.argv[1])
