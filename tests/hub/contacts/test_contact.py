from __future__ import annotations

import pytest

from hub.contacts.contact import ContactInput, check
from hub.errors import Invalid

PHONE = "+447700900123"

REFUSED = [
    (ContactInput("nobody"), "/phone"),
    (ContactInput(PHONE, "x" * 201), "/name"),
    (ContactInput(PHONE, language="English"), "/language"),
    (ContactInput(PHONE, tags=["ok", ""]), "/tags/1"),
    (ContactInput(PHONE, tags=["x" * 61]), "/tags/0"),
    (ContactInput(PHONE, tags=[str(n) for n in range(51)]), "/tags"),
    (ContactInput(PHONE, attributes={"City": "Leeds"}), "/attributes/City"),
    (ContactInput(PHONE, attributes={"a/b": 1}), "/attributes/a~1b"),
    (ContactInput(PHONE, attributes={"city": "x" * 1001}), "/attributes/city"),
    (ContactInput(PHONE, attributes={f"a{n}": n for n in range(101)}), "/attributes"),
]


@pytest.mark.parametrize(("contact", "pointer"), REFUSED, ids=[pointer for _, pointer in REFUSED])
def test_a_bad_value_is_refused_where_it_stands(contact: ContactInput, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(contact, "GB")
    assert caught.value.pointer == pointer


def test_values_are_trimmed_and_distinct() -> None:
    checked = check(
        ContactInput(" 07700 900123 ", " Asha Rao ", "pt-BR", [" vip ", "vip", "new"], {"orders": 3}), "GB"
    )
    assert (checked.phone, checked.name, checked.language) == (PHONE, "Asha Rao", "pt-BR")
    assert (checked.tags, checked.attributes) == (("vip", "new"), {"orders": 3})
