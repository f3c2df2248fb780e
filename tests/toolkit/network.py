"""The way to the site, which can be away: connections end, and new ones are refused."""

import socket
import threading


class Network:
    """Passes everything on between `url` and the site, while it is there."""

    def __init__(self, site_url):
        self._site = ("127.0.0.1", int(site_url.rsplit(":", 1)[1]))
        self._lines = set()
        self._lock = threading.Lock()
        self._listener = None
        self._port = 0
        self.back()
        self.url = "http://127.0.0.1:%d" % self._port

    def back(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(64)
        self._port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def away(self):
        listener, self._listener = self._listener, None
        if listener is not None:
            # A thread that waits in `accept` does not notice a mere close.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for line in self._lines:
                end(line)

    @property
    def is_there(self):
        return self._listener is not None

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                site = socket.create_connection(self._site)
            except OSError:
                client.close()
                continue
            with self._lock:
                if listener is not self._listener:
                    client.close()
                    site.close()
                    return
                self._lines |= {client, site}
            for source, target in ((client, site), (site, client)):
                threading.Thread(
                    target=self._pass_on, args=(source, target), daemon=True
                ).start()

    def _pass_on(self, source, target):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                target.sendall(data)
        except OSError:
            pass
        end(target)
        with self._lock:
            self._lines.discard(source)
        source.close()


def end(line):
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was quicker
