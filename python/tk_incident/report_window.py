"""The window of "Report a problem...", and the one that only tells something.

Made of Qt as the engine has it (PySide2 or PySide6, in Toolkit's spelling: widgets are in `QtGui`), and only when
somebody opens it. Nothing here waits: an errand does, and a timer of the window looks for its result.
"""

from . import words
from .errand import Errand

_LOOK_MS = 100
_WIDTH, _HEIGHT = 460, 320

_INVITATION = (
    "<p>What went wrong, and what did you do just before?</p>"
    "<p>Your words go to support with the newest part of this session's log. "
    "Passwords and other secrets are taken out.</p>"
)


class Window(object):
    """A dialog that tells how an errand went.

    :param qt: `(QtCore, QtGui)`.
    :param guard: makes a function of one that must not raise: an exception out of a slot would be logged by the host.
    """

    def __init__(self, qt, guard, title):
        self._core, self._gui = qt
        self._guard = guard
        # A child of the host's window stays in front of it, and goes with it.
        self._dialog = self._gui.QDialog(self._gui.QApplication.activeWindow())
        self._dialog.setWindowTitle(title)
        self._dialog.setModal(False)
        self._dialog.resize(_WIDTH, _HEIGHT)
        self._rows = self._gui.QVBoxLayout(self._dialog)
        self._timer = self._core.QTimer(self._dialog)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(guard(self._look))
        self._errand = None

    def show(self):
        # type: () -> None
        """Show the window, in front."""
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def is_open(self):
        # type: () -> bool
        """False also when the host has thrown the dialog away with its own window."""
        try:
            return self._dialog.isVisible()
        except RuntimeError:
            return False

    def close(self):
        # type: () -> None
        """Close the window. An errand that is on its way goes on."""
        try:
            self._timer.stop()
            self._dialog.close()
            self._dialog.deleteLater()
        except RuntimeError:
            pass  # the host has thrown it away

    def _label(self, text):
        label = self._gui.QLabel(text)
        label.setWordWrap(True)
        label.setOpenExternalLinks(True)
        return label

    def _button(self, text, pressed):
        button = self._gui.QPushButton(text)
        button.setAutoDefault(False)
        # Qt passes whether the button is down; nobody here wants to know.
        button.clicked.connect(self._guard(lambda *_: pressed()))
        return button

    def _begin(self, work):
        self._errand = Errand(work)
        self._timer.start()

    def _look(self):
        if self._errand is None or not self._errand.is_done():
            return
        self._timer.stop()
        errand, self._errand = self._errand, None
        self._done(errand)

    def _done(self, errand):
        raise NotImplementedError


class ReportWindow(Window):
    """Takes the artist's words and hands them over.

    :param send: called with the words, away from the host's thread; returns the agent's answer.
    """

    def __init__(self, qt, guard, send):
        Window.__init__(self, qt, guard, "Report a problem")
        self._send = send
        self._text = self._gui.QPlainTextEdit()
        # Tab goes to the button.
        self._text.setTabChangesFocus(True)
        self._text.textChanged.connect(guard(self._typed))
        self._answer = self._label("")
        self._send_button = self._button("Send", self._pressed)
        self._close_button = self._button("Close", self.close)
        self._send_button.setEnabled(False)

        buttons = self._gui.QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._close_button)
        buttons.addWidget(self._send_button)
        self._rows.addWidget(self._label(_INVITATION))
        self._rows.addWidget(self._text, 1)
        self._rows.addWidget(self._answer)
        self._rows.addLayout(buttons)
        self._text.setFocus()

    def _typed(self):
        self._send_button.setEnabled(bool(self._words()) and self._errand is None)

    def _words(self):
        return self._text.toPlainText().strip()

    def _pressed(self):
        said = self._words()
        if not said or self._errand is not None:
            return
        self._answer.setText("<p>Sending ...</p>")
        self._text.setReadOnly(True)
        self._send_button.setEnabled(False)
        self._begin(lambda: self._send(said))

    def _done(self, errand):
        if errand.failure is None:
            # One report is enough; its words stay to be read.
            self._answer.setText(words.reported(errand.result))
            self._send_button.hide()
            return
        self._answer.setText(words.not_reported(errand.failure))
        self._text.setReadOnly(False)
        self._typed()


class StatusWindow(Window):
    """Tells how the agent stands.

    :param ask: called away from the host's thread; returns the agent's status.
    """

    def __init__(self, qt, guard, ask):
        Window.__init__(self, qt, guard, "Incident status")
        self._answer = self._label("<p>Asking the incident agent ...</p>")
        self._rows.addWidget(self._answer)
        self._rows.addStretch(1)
        self._rows.addWidget(self._button("Close", self.close))
        self._begin(ask)

    def _done(self, errand):
        if errand.failure is None:
            self._answer.setText(words.standing(errand.result))
        else:
            self._answer.setText(words.not_standing(errand.failure))
