from __future__ import annotations

import pytest

from hub.contacts.attributes import Definition
from hub.contacts.contact import ContactInput, check
from hub.errors import Invalid
from hub.ids import new_id

PHONE = "+447700900123"
DEFINITIONS = {
    key: Definition(new_id(), key, key, kind) for key, kind in (("city", "text"), ("orders", "number"))
}

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
    (ContactInput(PHONE, attributes={"orders": "three"}), "/attributes/orders"),
    (ContactInput(PHONE, attributes={"unknown": 1}), "/attributes/unknown"),
    (ContactInput(PHONE, time_zone="Europe/Leeds"), "/time_zone"),
    (ContactInput(), "/phone"),
    (ContactInput(addresses=[("pager", "1")]), "/addresses/0/kind"),
    (ContactInput(PHONE, addresses=[("whatsapp", PHONE), ("sip", "nobody")]), "/addresses/1/address"),
    (ContactInput(addresses=[("phone", f"+4477009001{n:02d}") for n in range(21)]), "/addresses"),
    (ContactInput(PHONE, attributes={f"a{n}": n for n in range(101)}), "/attributes"),
]


@pytest.mark.parametrize(("contact", "pointer"), REFUSED, ids=[pointer for _, pointer in REFUSED])
def test_a_bad_value_is_refused_where_it_stands(contact: ContactInput, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(contact, "GB", DEFINITIONS)
    assert caught.value.pointer == pointer


def test_values_are_trimmed_and_distinct() -> None:
    checked = check(
        ContactInput(" 07700 900123 ", " Asha Rao ", "pt-BR", [" vip ", "vip", "new"], {"orders": 3}),
        "GB",
        DEFINITIONS,
    )
    assert (checked.phone, checked.name, checked.language) == (PHONE, "Asha Rao", "pt-BR")
    assert (checked.tags, checked.attributes) == (("vip", "new"), {"orders": 3})
