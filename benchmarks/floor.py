"""The floor: what any durable write costs in this very application, measured beside the completions.

The same app with one more endpoint, which authenticates like every other, inserts one row and commits. Run as
`python -m benchmarks.floor PORT`, it serves with the settings of `jenjang serve`.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Response
from sqlalchemy import Column, LargeBinary, MetaData, Table, Uuid, insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.api.dependencies import Command
from app.api.route import asks, authenticated_router
from app.main import serve as application
from app.permissions import Operation
from app.storage.database import Database
from app.storage.idempotency import Answer
from benchmarks.connection import HOST

PATH = "/api/v1/floor"

_metadata = MetaData()
_table = Table("benchmark_floor", _metadata, Column("id", Uuid, primary_key=True), Column("content", LargeBinary))
_INSERT = insert(_table)
_router = authenticated_router("/floor", "floor")


@_router.post("", openapi_extra=asks(Operation.COMPLETE))
def insert_one_row(body: dict[str, Any], writing: Command) -> Response:
    """Keep a JSON body as it came: what any write of this service takes."""
    del body

    def command(session: Session) -> Answer:
        session.execute(_INSERT, {"id": uuid7(), "content": writing.body})
        return Answer(200, b"{}", {})

    return writing.run(command)


def create_table(database: Database) -> None:
    """Make the floor's own table."""
    _metadata.create_all(database.engine)


def serve() -> FastAPI:
    """The application as it is shipped, and the floor under it."""
    served = application()
    served.router.routes.extend(_router.routes)
    return served


if __name__ == "__main__":
    uvicorn.run(
        "benchmarks.floor:serve",
        factory=True,
        host=HOST,
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        server_header=False,
        # Clients rest while others are measured, and must not be hung up on meanwhile.
        timeout_keep_alive=600,
    )
