"""The payload of the Toolkit app: this session's facts, and the way they reach the agent.

Standard library only, Python 3.7 and later. Toolkit's objects are handed in by `app.py`; no
module here imports Toolkit, so that each can be tried without it.

=============== ====================================================================
`session`       one run of an engine: what is sent, and when
`process`       the one session of a process, whatever Toolkit has forgotten
`facts`         what Toolkit has in memory about the session
`site`          address, login and session token of the site
`settings`      the app's settings in the agent's names
`hooks`         the studio's own facts and rules
`door`          the queue and the thread between the host and the program
`program`       where the program is
`own_copy`      the user's copy of a bundle's program, checked against
`manifest`      what the bundle says of its programs
`child`         how the program is started
`at_login`      the entry by which an agent starts at login
`channel`       the way to the agent once it runs
`place`         where that agent is to be found
`listener`      what a running agent wants of the session
`capture`       records and exceptions that the host hands over itself
`outbox`        the queue and the thread between those and the agent
`uncaught`      hooks for exceptions that nobody catches
`frameless`     an exception without what it holds of the host
`commands`      what the engine's menu offers
`report_window` the windows of these commands, where there is Qt
`report`        a report by hand, and `words`, what the artist gets to read
`late_version`  Desktop's version, known only later
`errand`        what waits for an answer while a window looks on
`environment`   what the program gets to see of the host's environment
`errors`        what can go wrong on the way
=============== ====================================================================
"""

from . import late_version  # noqa: F401
from .commands import Commands  # noqa: F401
from .session import Session  # noqa: F401
