"""The first guess: names in many languages, then what the column holds."""

from __future__ import annotations

import pytest

from hub.contacts.importing.mapping import Known, fingerprint, guess, recall
from hub.contacts.importing.options import ImportOptions, Mapped, check_options, identity
from hub.errors import Invalid

PHONE = "+447700900123"


def targets(header: list[str], *rows: list[str], known: tuple[Known, ...] = ()) -> list[str]:
    return [mapped.target for mapped in guess(header, rows, known)]


@pytest.mark.parametrize(
    "name",
    [
        "Phone",
        "phone_number",
        "Mobile No.",
        "Téléphone",
        "Handynummer",
        "Teléfono móvil",
        "Celular",
        "Телефон",
        "हिन्दी फोन",
        "رقم الهاتف",
        "電話番号",
        "手机号",
        "휴대폰",
        "No. HP",
        "Customer phone",
        "MSISDN",
        "Cep Telefonu",
        "Contact",
    ],
)
def test_a_phone_is_a_phone_in_any_language(name: str) -> None:
    assert targets([name], [PHONE]) == ["phone"]


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (["Vorname", "Nachname", "Handy"], ["A", "B", PHONE], ["first_name", "last_name", "phone"]),
        (["Full Name", "WhatsApp", "Sprache"], ["A", PHONE, "de"], ["name", "whatsapp", "language"]),
        (["x", "y"], ["07700 900123", "Asha"], ["phone", "attribute.y"]),
        (["Order number", "Phone"], ["1234567890", PHONE], ["attribute.order_number", "phone"]),
        (["Number", "Phone"], ["17", PHONE], ["attribute.number", "phone"]),
        (["Phone", "Home phone", "Second number"], [PHONE, PHONE, PHONE], ["phone", "", ""]),
        (["Phone", "Tags", "TZ"], [PHONE, "vip", "Europe/London"], ["phone", "tags", "time_zone"]),
        (["Phone", "2nd"], [PHONE, ""], ["phone", ""]),
    ],
)
def test_columns_are_guessed(header: list[str], row: list[str], expected: list[str]) -> None:
    assert targets(header, row) == expected


def test_a_second_telephone_column_never_becomes_an_attribute() -> None:
    for name in ("Phone 2", "Office", "Alt. mobile", "Telefon privat"):
        assert targets(["Phone", name], [PHONE, "+442079460018"])[1] == ""


def test_known_attributes_win_and_new_ones_get_a_type() -> None:
    known = (Known("town", "City of residence"),)
    mapping = guess(
        ["Phone", "city of residence", "Age", "Born", "Member", "Zip", "Née", "日本"],
        [[PHONE, "Leeds", "31", "2001-02-03", "yes", "01234", "x", "y"]],
        known,
    )
    assert [(mapped.target, mapped.create.type if mapped.create else None) for mapped in mapping] == [
        ("phone", None),
        ("attribute.town", None),
        ("attribute.age", "number"),
        ("attribute.born", "date"),
        ("attribute.member", "boolean"),
        ("attribute.zip", "text"),
        ("attribute.nee", "text"),
        ("attribute.column_8", "text"),
    ]


def test_a_header_is_recognized_however_it_is_written() -> None:
    assert fingerprint(["Phone", "Né"]) == fingerprint(["PHONE ", "ne"]) != fingerprint(["Né", "Phone"])
    old = {"Phone": Mapped(column="Phone", target="phone"), "Né": Mapped(column="Né", target="name")}
    assert [(m.column, m.target) for m in recall(["PHONE ", "ne"], old)] == [
        ("PHONE ", "phone"),
        ("ne", "name"),
    ]


@pytest.mark.parametrize(
    ("mapping", "pointer"),
    [
        ([{"column": "x", "target": "phone"}], "/mapping/0/column"),
        ([{"column": "a", "target": "phone"}, {"column": "a", "target": ""}], "/mapping/1/column"),
        ([{"column": "a", "target": "phone"}, {"column": "b", "target": "phone"}], "/mapping/1/target"),
        ([{"column": "a", "target": "attribute.nope"}], "/mapping/0/target"),
        ([{"column": "a", "target": "attribute.Bad"}], "/mapping/0/target"),
        ([{"column": "a", "target": "soul"}], "/mapping/0/target"),
        ([{"column": "a", "target": "phone", "create": {"type": "text"}}], "/mapping/0/create"),
        (
            [{"column": "a", "target": "attribute.new", "create": {"type": "choice"}}],
            "/mapping/0/create/choices",
        ),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_at_its_place(
    mapping: list[dict[str, object]], pointer: str
) -> None:
    options = ImportOptions.model_validate({"mapping": mapping})
    with pytest.raises(Invalid) as refused:
        check_options(options, ["a", "b"], {"city"})
    assert refused.value.pointer == pointer


def test_somebody_must_be_told_apart() -> None:
    with pytest.raises(Invalid):
        identity(ImportOptions(mapping=[Mapped(column="a", target="name")]))
