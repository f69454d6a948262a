"""The media library: uploads, links, limits, what is found in a file."""

from __future__ import annotations

from typing import Any

import pytest

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 200


@pytest.fixture(autouse=True)
def shelf(world: Any, tmp_path: Any) -> None:
    world.app.state.settings.var_dir = tmp_path


async def upload(
    client: Any, data: bytes, name: str = "a.png", kind: str = "image/png", **headers: str
) -> Any:
    return await client.post("/v1/media", files={"file": (name, data, kind)}, headers=headers)


async def test_an_upload_is_what_it_is_and_has_a_link(world: Any, anonymous: Any) -> None:
    client = await world.sign_in("north", "campaign_manager")
    made = await upload(client, PNG, "../cat.png", "application/pdf")
    assert made.status_code == 201, made.text
    medium = made.json()
    assert (medium["kind"], medium["mime_type"], medium["filename"]) == ("image", "image/png", "cat.png")
    assert (medium["status"], medium["channels"]) == ("ready", ["whatsapp", "rcs"])
    path = medium["url"].partition("/v1/")[2]
    found = await anonymous.get("/v1/" + path)
    assert (found.status_code, found.content) == (200, PNG)
    assert found.headers["content-type"] == "image/png"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert (await client.get("/v1/media")).json()["items"][0]["id"] == medium["id"]


async def test_a_link_that_was_changed_or_is_over_opens_nothing(world: Any, anonymous: Any) -> None:
    client = await world.sign_in("north", "campaign_manager")
    medium = (await upload(client, PNG)).json()
    path = "/v1/" + medium["url"].partition("/v1/")[2]
    for wrong in (path[:-1] + ("A" if path[-1] != "A" else "B"), path.replace("expires=1", "expires=2")):
        assert (await anonymous.get(wrong)).status_code == 403
    assert (await anonymous.get(f"/v1/media/{medium['id']}/content")).status_code == 401
    other = await world.sign_in("south", "campaign_manager")
    assert (await other.get(f"/v1/media/{medium['id']}/content")).status_code == 404
    assert (await other.get(f"/v1/media/{medium['id']}")).status_code == 404


async def test_a_page_is_never_shown_as_one(world: Any) -> None:
    client = await world.sign_in("north", "campaign_manager")
    medium = (await upload(client, b"<html><script>alert(1)</script>", "x.html", "text/html")).json()
    assert (medium["mime_type"], medium["kind"], medium["channels"]) == (
        "application/octet-stream",
        "document",
        [],
    )
    found = await client.get(f"/v1/media/{medium['id']}/content")
    assert found.headers["content-type"] == "application/octet-stream"
    assert found.headers["content-disposition"].startswith("attachment")


async def test_what_is_no_upload_is_refused(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await world.sign_in("north", "campaign_manager")
    assert (await upload(client, b"")).status_code == 422
    assert (await client.post("/v1/media", json={})).status_code == 415
    assert (await client.post("/v1/media", files={"other": ("a", b"x")})).status_code == 422
    broken = await client.post(
        "/v1/media", content=b"--x\r\nno", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert broken.status_code in (400, 422)
    monkeypatch.setattr("api.media_uploads.FILE_BYTES_MAX", 1000)
    assert (await upload(client, PNG + b"0" * 100_000)).status_code == 413
    analyst = await world.sign_in("north", "analyst")
    assert (await upload(analyst, PNG)).status_code == 403


async def test_an_upload_counts_once_by_its_key(world: Any) -> None:
    client = await world.sign_in("north", "campaign_manager")
    key = {"Idempotency-Key": "one"}
    first, again = await upload(client, PNG, **key), await upload(client, PNG, **key)
    assert first.json()["id"] == again.json()["id"]
    assert (await upload(client, PNG + b"1", **key)).status_code == 422


async def test_a_deleted_file_is_gone_when_nothing_else_has_its_content(world: Any, tmp_path: Any) -> None:
    client = await world.sign_in("north", "campaign_manager")
    first, second = (await upload(client, PNG)).json(), (await upload(client, PNG)).json()
    assert first["sha256"] == second["sha256"]
    assert (await client.delete(f"/v1/media/{first['id']}")).status_code == 204
    assert (await client.get(f"/v1/media/{second['id']}/content")).status_code == 200
    assert (await client.delete(f"/v1/media/{second['id']}")).status_code == 204
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]
