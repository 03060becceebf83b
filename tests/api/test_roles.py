"""Which roles there are."""

from __future__ import annotations

from sqlalchemy import text

from app.storage.database import Database
from tests.sop import As


def test_every_role_is_listed_with_its_kind_and_its_active_holders(as_: As, database: Database) -> None:
    with database.transaction() as session:
        session.execute(
            text(
                "UPDATE user_role SET role = 'Kabid' WHERE role = 'Tim' AND user_id IN (SELECT id FROM "
                "user_account WHERE username IN ('anggota1', 'anggota2'))"
            )
        )
        session.execute(text("UPDATE user_account SET active = false WHERE username = 'anggota1'"))
    listed = as_("auditor").get("/roles").json()
    assert [(item["name"], item["kind"], item["holders"]) for item in listed["items"]] == [
        ("Kabid", "former", 1),
        ("Kepala Badan", "lane", 1),
        ("Ketua Tim Kerja Sekretariat", "lane", 1),
        ("Sekretaris", "lane", 1),
        ("Tim", "lane", 1),
        ("administrator", "system", 1),
        ("auditor", "system", 1),
        ("designer", "system", 1),
        ("starter", "system", 0),
    ]
    assert as_("kepala").get("/roles").status_code == 403
    revoked = as_("admin").request("DELETE", "/users/anggota2/roles/Kabid")
    assert revoked.json()["roles"] == []
