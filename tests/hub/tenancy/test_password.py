import pytest

from hub.errors import Invalid
from hub.tenancy.password import hash_password, verify_password


async def test_a_password_fits_its_own_hash_only() -> None:
    stored = await hash_password("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await verify_password("correct horse battery", stored)
    assert not await verify_password("correct horse batterz", stored)


async def test_two_hashes_of_one_password_differ() -> None:
    assert await hash_password("correct horse battery") != await hash_password("correct horse battery")


async def test_nobody_can_sign_in_as_nobody() -> None:
    assert not await verify_password("nobody has this password", None)


async def test_a_user_without_a_usable_hash_cannot_sign_in() -> None:
    assert not await verify_password("", "")
    assert not await verify_password("!", "!")


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
async def test_lengths_are_bounded(password: str) -> None:
    with pytest.raises(Invalid):
        await hash_password(password)
