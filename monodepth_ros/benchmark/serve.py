"""The side of a benchmark process that answers: one JSON object a line in, one out."""

from __future__ import annotations

import json
import os
import sys
from typing import Callable, Mapping

Handler = Callable[..., dict]


def serve(handlers: Mapping[str, Handler]) -> int:
    """
    Answer `{"do": name, ...}` from standard input by what the handler returns, until its end.

    A handler that raises is answered for by `{"failed": "TypeName: message"}`. Whatever libraries
    print goes to standard error, so that standard output holds answers alone.
    """
    with os.fdopen(os.dup(sys.stdout.fileno()), 'w') as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        for line in sys.stdin:
            request = json.loads(line)
            # The parent records what went wrong and goes on with other parts.
            try:
                answer = handlers[request.pop('do')](**request)
            except Exception as error:
                text = ' '.join(str(error).split())
                answer = {'failed': f'{type(error).__name__}: {text}'}
            answers.write(json.dumps(answer) + '\n')
            answers.flush()
    return 0
