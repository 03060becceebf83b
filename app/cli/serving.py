"""`jenjang serve`: uvicorn around `app.main`."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory

import structlog
import uvicorn
from uvicorn.supervisors import Multiprocess

from app.api.observability import configure_logging
from app.cli.database import opened_migrated, read_settings
from app.errors import Refused, Unavailable

#: seconds that open requests get to end after the signal to stop
_GRACE = 30
_log = structlog.get_logger("jenjang.serve")


def serve(host: str, port: int, workers: int, *, proxy_headers: bool = False) -> None:
    """Serve until SIGINT or SIGTERM, then let open requests end.

    Raises:
        Refused: a setting. Unavailable: database or port. Conflict: the database is not migrated.
    """
    settings = read_settings()
    if proxy_headers and not settings.trusted_proxies:
        raise Refused("Name the proxies in JENJANG_TRUSTED_PROXIES: what anybody may write is worth nothing.")
    with opened_migrated(settings):
        pass
    with _listening(host, port) as listener, suppress(KeyboardInterrupt):
        configure_logging(settings.log_level)
        # uvicorn raises the signal once more when it has shut down: by then all is well.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        _log.info("listening", host=host, port=listener.getsockname()[1], workers=workers)
        _serve_on(listener, workers, settings.trusted_proxies if proxy_headers else ())


def _serve_on(listener: socket.socket, workers: int, trusted_proxies: Sequence[str]) -> None:
    config = uvicorn.Config(
        "app.main:serve",
        factory=True,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        # uvicorn would believe whoever speaks from this machine.
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_graceful_shutdown=_GRACE,
    )
    if workers == 1:
        uvicorn.Server(config).run(sockets=[listener])
    else:
        _serve_with_workers(config, listener)


def _serve_with_workers(config: uvicorn.Config, listener: socket.socket) -> None:
    # The workers share their figures through files; a fresh folder, lest they count those of an earlier run.
    with TemporaryDirectory(prefix="jenjang-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        Multiprocess(config, sockets=[listener]).run()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    # Bound here rather than by uvicorn, which would tell of a busy port in its log only.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # Python adds the address to some of the system's words, in its own notation.
        reason = str(error.strerror).partition(" (")[0]
        raise Unavailable(f"Cannot listen on {host} port {port}: {reason}.") from error
    with listener:
        listener.set_inheritable(True)
        yield listener
