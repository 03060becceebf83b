"""The one typed place for configuration: environment variables that begin with JENJANG_."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything that can be configured; each field is a row of the table in README."""

    model_config = SettingsConfigDict(env_prefix="JENJANG_", extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder of the SQLite file, made when missing.")
    database_url: str | None = Field(
        None, description="PostgreSQL to use instead of the SQLite file: `postgresql://user:password@host/name`."
    )
    database_pool_size: int = Field(10, ge=1, le=200, description="Database connections that one worker may hold.")
    database_timeout: float = Field(
        5.0, gt=0, le=60, description="Seconds to wait for a lock or a connection before the answer is 503."
    )
    demo: bool = Field(False, description="Allow `seed-demo`, and let the demo people in.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged, as JSON.")

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address as SQLAlchemy wants it, with the driver named."""
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'jenjang.sqlite3'}"
        scheme, separator, rest = self.database_url.partition("://")
        return f"postgresql+psycopg{separator}{rest}" if scheme in {"postgres", "postgresql"} else self.database_url
