"""The one place where logging is set up: JSON lines, an allow-list of fields, and no text that we did not write.

A line says what happened by a sentence that is in the source, and by kinds, numbers and places in the code. The text
of an exception is never written: a database's or a library's may hold what was sent. What other packages log keeps
its logger and level alone, save the server's own short sentences. Every application is made with
`logging_config=None`: the framework would set a log of its own up as each is built.
"""

import logging
import logging.config
import re
import secrets
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from errno import errorcode
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import structlog
from structlog.typing import EventDict, WrappedLogger

from tierce.kernel.clock import SystemClock
from tierce.kernel.errors import TierceError

FIELDS: Final = (
    "at",
    "level",
    "process",
    "event",
    "logger",
    "request",
    "method",
    "route",
    "status",
    "ms",
    "kind",
    "where",
    "detail",
    "rows",
)  # fmt: skip - a list of words reads better in lines of several
"""Every field that a line may have, in the order in which they are written."""
OURS: Final = "tierce"
_SERVER: Final = ("_granian", "granian")
_PLAIN: Final = re.compile(r"[\w .,:/()\[\]'’-]{1,160}")
_NUMBER: Final = re.compile(r"\d{6,}")
"""No log needs a long number; identifiers of people are long numbers."""
_WITHHELD: Final = "…"
_REQUEST_ID: Final = re.compile(rb"[0-9a-f]{32}")
_ID: Final = "tierce.request"
REQUEST: Final[ContextVar[MutableMapping[str, Any]]] = ContextVar("request")
"""The request under way, for the lines written meanwhile."""


def where(error: BaseException) -> str:
    """The kind of an error, with the system's or PostgreSQL's code of it, and its place, without its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "?"
    code = getattr(error, "sqlstate", None) or errorcode.get(getattr(error, "errno", None) or 0)
    return f"{type(error).__name__}{f' {code}' if code else ''} at {place}"


def dict_config(process: str) -> dict[str, Any]:
    """The set-up as logging's own configuration, for the server, which applies it in the process that serves."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "tierce.web.logs.formatter", "process": process}},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            "_granian": {"handlers": ["out"], "level": "INFO", "propagate": False},
            "litestar": {"handlers": ["out"], "level": "WARNING", "propagate": False},
            "httpx": {"level": "WARNING"},
        },
        "root": {"handlers": ["out"], "level": "INFO"},
    }


def set_up(process: str) -> None:
    """Log as `process`, on the error output, and say of an error that nobody caught where it was and no more."""
    logging.config.dictConfig(dict_config(process))

    def uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        detail = {"detail": str(error)} if isinstance(error, TierceError) else {}
        say("the process ends by an error", level="error", kind=type(error).__name__, where=where(error), **detail)

    sys.excepthook = uncaught


def say(event: str, *, level: str = "info", **fields: object) -> None:
    """Write one line; fields that are not in FIELDS are left out."""
    logging.getLogger(OURS).log(logging.getLevelName(level.upper()), event, extra={"said": fields})


def formatter(process: str) -> logging.Formatter:
    """Turn a record into a JSON line of `process`."""
    clock = SystemClock()

    def stamp(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        event["at"] = clock.now().isoformat(timespec="milliseconds")
        event["process"] = process
        return event

    return structlog.stdlib.ProcessorFormatter(
        processors=[_from_record, stamp, _allowed, structlog.processors.JSONRenderer(ensure_ascii=False)],
        use_get_message=False,
        pass_foreign_args=True,
        keep_exc_info=True,
    )


def _from_record(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Say a record by its template and by arguments that are plain; keep an exception's kind and place alone."""
    record: logging.LogRecord = event["_record"]
    event["level"], event["logger"] = record.levelname.lower(), record.name
    scope = REQUEST.get(None)
    if scope is not None:
        event["request"] = request_id(scope)
    # The record that is handed here has lost its arguments: they were put in the event.
    arguments = event.get("positional_args")
    if record.name.split(".")[0] == OURS:
        template = str(record.msg)
        event["event"] = template % tuple(map(_plain, arguments)) if arguments else template
        event.update(getattr(record, "said", {}))
    elif record.name.split(".")[0] in _SERVER:
        event["event"] = _plain(str(record.msg) % arguments if arguments else str(record.msg))
    else:
        event["event"] = "a library logged; its text is not kept"
    if record.exc_info and record.exc_info[1] is not None:
        event["kind"], event["where"] = type(record.exc_info[1]).__name__, where(record.exc_info[1])
    return event


def request_id(scope: MutableMapping[str, Any]) -> str:
    """The proxy's request id when it is one (32 hexadecimal digits), else one of our own, kept with the request.

    It is made when a line is written: most requests write none.
    """
    known: str | None = scope.get(_ID)
    if known is None:
        given = (bytes(value) for name, value in scope["headers"] if name == b"x-request-id")
        known = next((one.decode() for one in given if _REQUEST_ID.fullmatch(one)), None) or secrets.token_hex(16)
        scope[_ID] = known
    return known


def _plain(value: object) -> object:
    """Give back a number or a plain short text without a long number; anything else is withheld."""
    if isinstance(value, int | float):
        return value
    text = str(value)
    return text if _PLAIN.fullmatch(text) and not _NUMBER.search(text) else _WITHHELD


def _allowed(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    return {name: event[name] for name in FIELDS if name in event}
