import pytest

from hub.tenancy import keys


def test_the_checksum_is_the_one_of_the_reference() -> None:
    head = "mk_live_0123456789abcdefghijABCDEFGHIJklmnopqrstuvw"
    assert keys.checksum(head) == "45sGuX"
    assert keys.is_well_formed(head + "45sGuX")


def test_a_new_key_is_well_formed_and_never_the_same() -> None:
    made = {keys.new_key() for _ in range(200)}
    assert len(made) == 200
    assert all(keys.is_well_formed(key) and len(key) == 57 for key in made)


@pytest.mark.parametrize("place", [0, 3, 8, 30, 50, 51, 56])
def test_a_typo_anywhere_is_seen(place: int) -> None:
    key = keys.new_key()
    other = "a" if key[place] != "a" else "b"
    assert not keys.is_well_formed(key[:place] + other + key[place + 1 :])


@pytest.mark.parametrize("key", ["", "mk_live_", "mk_test_" + "0" * 49, "x" * 57, "mk_live_" + "é" * 49])
def test_what_is_no_key_is_no_key(key: str) -> None:
    assert not keys.is_well_formed(key)


def test_a_truncated_key_is_no_key() -> None:
    assert not keys.is_well_formed(keys.new_key()[:-1])


def test_only_a_hash_is_stored() -> None:
    key = keys.new_key()
    assert len(keys.hash_secret(key)) == 32
    assert key.encode() not in keys.hash_secret(key)
