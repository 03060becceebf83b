"""The bodies about people: users, roles, positions, tokens, standing in."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.api.dependencies import Moment
from app.api.schemas import Answer, Body, Instant
from app.permissions import Scope

Username = Annotated[str, StringConstraints(min_length=1, max_length=64)]


def _require_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("Write it on one line, without control characters.")
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_require_one_line)
]


def _without_default(schema: dict[str, Any]) -> None:
    # What a merge patch leaves out stays as it is: there is no default to tell of.
    schema.pop("default", None)


def _left_out(value: Any) -> Any:
    return Field(value, json_schema_extra=_without_default)


class Position(Answer):
    """Jabatan."""

    id: UUID
    name: str
    unit: str


class UserSummary(Answer):
    """A user, as lists show them: without e-mail and NIP."""

    username: str
    name: str
    active: bool
    is_demo: bool = Field(description="Let in only while JENJANG_DEMO is set.")
    position: Position | None
    roles: list[str] = Field(description="Lanes and system roles.")
    created_at: Instant


class User(UserSummary):
    """A user."""

    email: str | None


class IdentifiedUser(User):
    """A user, with what only administrators are shown."""

    nip: str | None = Field(description="null also for who may not see it.")


class NewUser(Body):
    """Whom to add."""

    username: Username = Field(examples=["ratna"])
    name: Line = Field(examples=["Ratna Wulandari"])
    email: str | None = Field(None, max_length=254, examples=["ratna@kota.go.id"])
    nip: str | None = Field(None, max_length=18, description="18 digits.", examples=[None])
    position_id: UUID | None = Field(None, examples=[None])
    roles: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        [], max_length=200, examples=[["Kepala Badan"]]
    )


class UserPatch(Body):
    """What to change (RFC 7396): what is left out stays, null clears."""

    name: Line = _left_out("")
    email: str | None = Field(None, max_length=254)
    nip: str | None = Field(None, max_length=18, description="18 digits.")
    position_id: UUID | None = Field(None, examples=[None])
    active: bool = _left_out(True)


class Role(Answer):
    """A role that can be held, or still is."""

    name: str
    kind: Literal["system", "lane", "former"] = Field(
        description="former: no newest diagram asks for it, but somebody still holds it."
    )
    holders: int = Field(description="Active people.")


class NewPosition(Body):
    """What position to add."""

    name: Line = Field(examples=["Sekretaris"])
    unit: Line = Field(examples=["Badan Perencanaan Pembangunan Daerah"])


class PositionPatch(Body):
    """What to change (RFC 7396): what is left out stays."""

    name: Line = _left_out("")
    unit: Line = _left_out("")


class Token(Answer):
    """A token, without what could be used of it."""

    id: UUID
    username: str
    name: str
    prefix: str = Field(description="How the secret begins.")
    scopes: list[str]
    created_by: str
    created_at: Instant
    expires_at: Instant | None = Field(description="null: never")
    last_used_at: Instant | None = Field(description="To within ten minutes.")
    revoked_at: Instant | None
    parent_id: UUID | None = Field(description="The token that made it, and whose revocation revokes it too.")


class IssuedToken(Token):
    """A new token."""

    token: str = Field(description="The secret. It cannot be shown again: only its hash is kept.")


class NewToken(Body):
    """What token to make. It can do no more, and last no longer, than the one that asks for it."""

    name: Annotated[Line, StringConstraints(max_length=100)]
    scopes: list[Scope] | None = Field(None, min_length=1, description="null: those of the token that asks.")
    expires_at: Moment | None = Field(None, examples=[None], description="null: when the token that asks expires.")


class Substitution(Answer):
    """That the deputy acts in the principal's name (Plh, Plt)."""

    id: UUID
    principal: str
    deputy: str
    starts_at: Instant
    ends_at: Instant
    letter: str
    created_by: str
    created_at: Instant
    revoked_by: str | None
    revoked_at: Instant | None


class NewSubstitution(Body):
    """Who is to act for whom, from when until before when, by which letter."""

    deputy: Username
    principal: Username | None = Field(None, examples=[None], description="null: the caller.")
    starts_at: Moment
    ends_at: Moment
    letter: Line = Field(examples=["800.1.11.1/17/2026"])
