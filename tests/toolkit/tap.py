"""A wire tap before the site: passes everything on and remembers who called what."""

import http.client
import http.server
import json
import threading
import urllib.parse


class Tap:
    """Listens on loopback; `calls` holds `(user agent, method)` in order of arrival."""

    def __init__(self, site_url):
        self.calls = []
        site = urllib.parse.urlsplit(site_url)
        calls = self.calls

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self._pass_on()

            def do_POST(self):
                self._pass_on()

            def _pass_on(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                calls.append(
                    (self.headers.get("user-agent", ""), method_name(self.path, body))
                )
                line = http.client.HTTPConnection(site.hostname, site.port, timeout=60)
                headers = dict(self.headers.items())
                headers["Accept-Encoding"] = "identity"
                line.request(self.command, self.path, body, headers)
                answer = line.getresponse()
                content = answer.read()
                line.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in (
                        "transfer-encoding",
                        "content-length",
                        "connection",
                        "date",
                        "server",
                    ):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def toolkit_calls(self):
        """Methods called by Toolkit's own client, which is what a host's code calls with.

        Core sends usage figures on a thread of its own, at times of its own; they and the `info`
        that opens their connection are left out. Whatever is worth asking is another call.
        """
        return [
            method
            for agent, method in self.calls
            if agent.startswith("shotgun-json")
            and method != "info"
            and "metrics" not in method
        ]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def method_name(path, body):
    """`read Project` for an API call, else the path."""
    if path.rstrip("/") != "/api3/json":
        return path
    call = json.loads(body)
    arguments = (call.get("params") or [{}])[-1]
    return " ".join(filter(None, [call["method_name"], arguments.get("type", "")]))
