"""The site of these tests: `tk-incident desk`, on loopback, with one artist on it."""

import json
import subprocess

import shotgun_api3

LOGIN = "artist"
PASSWORD = "correct horse battery staple"


class Desk:
    """A running desk. `url`, `project` and `session_token` are those of the artist's work."""

    def __init__(self, program, folder, environ):
        self._log = open(str(folder) + ".stderr", "wb")
        self._process = subprocess.Popen(
            [program, "desk", "--json", "--data", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environ,
        )
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise AssertionError("the desk did not start: %s" % self._errors())
        ready = json.loads(line)
        assert ready["type"] == "ready", ready
        self.url = ready["url"].rstrip("/")
        self.admin = shotgun_api3.Shotgun(
            self.url, script_name=ready["script_name"], api_key=ready["script_key"]
        )
        self.project = {"type": "Project", "id": ready["project_id"]}
        self._tokens = {}
        self.session_token = self.token_of(LOGIN)

    def token_of(self, login):
        """The session of the artist `login`, who is on the site from the first call on."""
        if login not in self._tokens:
            self.admin.create(
                "HumanUser",
                {
                    "login": login,
                    "name": login.capitalize(),
                    "password_proxy": PASSWORD,
                },
            )
            self._tokens[login] = shotgun_api3.Shotgun(
                self.url, login=login, password=PASSWORD
            ).get_session_token()
        return self._tokens[login]

    def tickets(self):
        """All tickets, oldest first."""
        return self.admin.find(
            "Ticket",
            [],
            ["title", "description", "project", "attachments", "sg_incident_count"],
            order=[{"field_name": "id", "direction": "asc"}],
        )

    def attachments(self, ticket):
        """File name to content of everything attached to `ticket`."""
        return {
            link["name"]: self.admin.download_attachment(
                {"type": "Attachment", "id": link["id"]}
            )
            for link in ticket["attachments"]
        }

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _errors(self):
        with open(self._log.name, "rb") as log:
            return log.read().decode("utf-8", "replace")
