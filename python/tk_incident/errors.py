"""What can go wrong between the host and the program. None of it ever reaches the host."""


class IncidentError(Exception):
    """Base of this package's exceptions. The text names the thing, the reason and what to do."""


class ProgramMissing(IncidentError):
    """No place holds the program."""

    def __init__(self, places):
        IncidentError.__init__(
            self,
            "tk-incident was not found in %s; set program_path or the environment variable "
            "TK_INCIDENT_PROGRAM" % ", ".join(places),
        )
        self.places = places


class ProgramDamaged(IncidentError):
    """The bundle's program is not the one the bundle was made with."""

    def __init__(self, program):
        IncidentError.__init__(
            self,
            "%s is not the program this bundle was made with, so it is not started; "
            "install the bundle again" % program,
        )
        self.program = program


class ManifestUnreadable(IncidentError):
    """The bundle's manifest does not vouch for its program."""

    def __init__(self, path, reason):
        IncidentError.__init__(
            self,
            "%s cannot be used (%s), so this bundle's program is not started; "
            "install the bundle again" % (path, reason),
        )
        self.path = path


class ProgramUnusable(IncidentError):
    """The program is there but could not be started."""

    def __init__(self, program, reason):
        IncidentError.__init__(
            self,
            "%s could not be started (%s); check that it is made for this system and may be run"
            % (program, reason),
        )
        self.program = program


class CallRefused(IncidentError):
    """The program ended with another exit code than 0."""

    def __init__(self, program, verb, exit_code, said=""):
        IncidentError.__init__(
            self,
            "%s %s ended with exit code %s: %s"
            % (program, verb, exit_code, said or "run `%s doctor`" % program),
        )
        self.exit_code = exit_code


class CallTimedOut(IncidentError):
    """The program did not end in time and was ended."""

    def __init__(self, program, verb, limit_s):
        IncidentError.__init__(
            self,
            "%s %s did not end within %s seconds and was stopped; run `%s status`"
            % (program, verb, limit_s, program),
        )
