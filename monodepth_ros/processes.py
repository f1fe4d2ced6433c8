"""Child processes: apart from the terminal, heard line by line, and ended with their parent."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
import queue
import signal
import subprocess
import sys
import threading
from typing import Optional, Sequence

_LEASH = """
import ctypes, os, signal, sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # which Python ignores from its start on
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
number, parent, *command = sys.argv[1:]
ctypes.CDLL(None).prctl(1, int(number))  # PR_SET_PDEATHSIG
try:
    if os.getppid() == int(parent):  # else it died before
        os.execvp(command[0], command)
except OSError as error:
    sys.exit(f'{command[0]}: {error.strerror}')
"""


def leashed(command: Sequence[str], number: int = signal.SIGTERM) -> list[str]:
    """
    Return a command that Linux ends when this process dies, however that happens (prctl(2)).

    Linux takes the end of the thread that starts it for that; so start it from the main thread.
    It is a short program that becomes the command, under the same process id. Popen's
    `preexec_fn` would run Python between fork and exec: the hooks of that swallow what the handler
    of a signal raises, and libraries of this process may hold locks then.

    Args:
        command: program and arguments.
        number: the signal that ends it.

    """
    alone = [sys.executable, '-I', '-S', '-c', _LEASH]
    return [*alone, str(int(number)), str(os.getpid()), *map(str, command)]


def end_with_parent() -> None:
    """
    Make this process of `multiprocessing` end when its parent is gone, however that happened.

    Worker processes of a pool hold both ends of the pipe that their tasks come through, and would
    wait for the next one for ever.
    """

    def wait():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def say(**message) -> None:
    """Tell the parent process something: one JSON object a line."""
    print(json.dumps(message), flush=True)


class Child:
    """
    A child process in a session of its own, so that Ctrl-C reaches the parent alone.

    It ends with the parent at the latest, also where a signal breaks off its start.

    Attributes:
        name: what it is, for people.
        pid: its process id.

    """

    def __init__(
        self,
        name: str,
        command: list[str],
        environ: dict,
        log: Path,
        messages: Optional[queue.Queue],
    ):
        """
        Start it.

        Args:
            name: what it is, for people.
            command: program and arguments.
            environ: its environment.
            log: file for what it writes, without the messages.
            messages: queue that gets what the program tells with `say`; None where it tells
                nothing.

        """
        self.name = name
        self._log = log
        with open(log, 'w') as file:
            self._process = subprocess.Popen(
                leashed(command),
                env=environ,
                stdin=subprocess.DEVNULL if messages is None else subprocess.PIPE,
                stdout=file if messages is None else subprocess.PIPE,
                stderr=file,
                start_new_session=True,
                text=True,
            )
        self.pid = self._process.pid
        self._listener = threading.Thread(target=self._listen, args=(messages,), daemon=True)
        if messages is not None:
            self._listener.start()

    def _listen(self, messages):
        for line in self._process.stdout:
            try:
                messages.put(json.loads(line))
            except ValueError:
                sys.stderr.write(f'{self.name}: {line}')

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    @property
    def is_silent(self) -> bool:
        """Whether the process is gone and all that it told is in the queue."""
        return self.ended and not self._listener.is_alive()

    def last_words(self) -> str:
        """Return how the process ended, and the last line of its log."""
        code = self._process.returncode
        how = f'exit status {code}' if code >= 0 else f'signal {-code}'
        lines = [line for line in self._log.read_text(errors='replace').split('\n') if line]
        return f'{how}; its last words: {lines[-1].strip()}' if lines else how

    def tell(self, **message) -> None:
        """Write one JSON object as a line to its standard input; nothing where it is gone."""
        try:
            self._process.stdin.write(json.dumps(message) + '\n')
            self._process.stdin.flush()
        except BrokenPipeError:
            return  # Whoever waits for an answer finds that it has ended, and how.

    def interrupt(self) -> None:
        """Ask it to finish, with SIGINT."""
        if not self.ended:
            self._process.send_signal(signal.SIGINT)

    def stop(self, timeout: float = 5.0) -> None:
        """End it: SIGTERM, and SIGKILL where that is not heard; twice is safe."""
        if self.ended:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
