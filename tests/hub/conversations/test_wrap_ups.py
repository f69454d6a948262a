"""Which wrap-up codes there may be, and which one a closing may name."""

from __future__ import annotations

import pytest

from hub.conversations.wrap_ups import CODES_MAX, WrapUps, checked
from hub.errors import Invalid


def test_a_code_is_chosen_whatever_its_case() -> None:
    codes = WrapUps(("Solved", "Not a customer"))
    assert codes.chosen(" solved ") == "Solved"
    assert codes.chosen(None) is None
    for wrong, these in (("Eaten", codes), (None, WrapUps(("Solved",), required=True)), ("x", WrapUps())):
        with pytest.raises(Invalid) as refused:
            these.chosen(wrong)
        assert refused.value.pointer == "/wrap_up"
    assert WrapUps((), required=True).chosen(None) is None  # nobody can choose from an empty list


@pytest.mark.parametrize(
    ("codes", "pointer"),
    [
        (["Solved", " "], "/codes/1"),
        (["Solved", "solved "], "/codes/1"),
        (["x" * 61], "/codes/0"),
        ([str(number) for number in range(CODES_MAX + 1)], "/codes"),
    ],
)
def test_what_is_wrong_is_named(codes: list[str], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(codes)
    assert refused.value.pointer == pointer
