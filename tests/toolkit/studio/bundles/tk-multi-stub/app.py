"""An app that fails when asked to."""

import sgtk


class StubApp(sgtk.platform.Application):
    @property
    def context_change_allowed(self):
        return True

    def look_up(self, reason):
        """Fail, and let the caller see to it."""
        raise LookupError(reason)

    def publish(self, path):
        """Fail the way a publisher does: an exception out of another one, logged as one record."""
        try:
            try:
                raise OSError("디스크가 가득 찼습니다: %s" % path)
            except OSError as reason:
                raise ValueError("게시할 수 없습니다") from reason
        except ValueError:
            self.logger.exception("Publish failed for %s" % path)
