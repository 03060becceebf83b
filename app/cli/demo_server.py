"""A server of its own for `jenjang demo`: a free port, an empty database, nothing left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2 as httpx

from app.cli.database import bring_up_to_date, opened
from app.cli.seeding import Tokens, seed_database
from app.errors import Unavailable
from app.settings import Settings

_HOST = "127.0.0.1"
#: seconds until the server must answer
_START_TIMEOUT = 30


@contextmanager
def running() -> Iterator[tuple[str, Tokens]]:
    """The address of a seeded server that runs as long as the block, and the demo people's tokens.

    Raises:
        Unavailable: it did not start.
    """
    with TemporaryDirectory(prefix="jenjang-demo-") as folder:
        settings = Settings(data_dir=Path(folder), database_url=None, demo=True)
        with opened(settings) as database:
            bring_up_to_date(database)
            tokens = seed_database(database)
        with _serving(settings) as address:
            yield address, tokens


@contextmanager
def _serving(settings: Settings) -> Iterator[str]:
    port = _free_port()
    # -P: a package `app` in the folder where this is called must not stand in for ours.
    command = [sys.executable, "-P", "-m", "app.cli", "serve", "--host", _HOST, "--port", str(port)]
    process = subprocess.Popen(command, env=_environment(settings))  # noqa: S603 - our own command
    try:
        address = f"http://{_HOST}:{port}"
        _await(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JENJANG_")}
    ours = {"JENJANG_DATA_DIR": str(settings.data_dir), "JENJANG_DEMO": "true", "JENJANG_LOG_LEVEL": "warning"}
    return inherited | ours


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/health/ready", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise Unavailable("The demo's own server did not start.")
