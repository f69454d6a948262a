"""The renderer: what it prints, what it refuses, and that nothing hostile gets far."""

from __future__ import annotations

import pickle
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Invalid
from hub.templates.filters import FILTERS
from hub.templates.render import TemplateFailed, TemplateInvalid, compile_template

CONTEXT: dict[str, Any] = {
    "name": "Ann",
    "empty": "",
    "nothing": None,
    "age": 41,
    "share": 2.5,
    "price": Decimal("12.50"),
    "vip": True,
    "contact": {"city": "Rome", "favourite color": "red", "items": "7", "address": {"zip": "00100"}},
}

RENDERED = [
    ("Hi {{ name }}!", "Hi Ann!"),
    ("no variables, € and 😀", "no variables, € and 😀"),
    ("", ""),
    ("line\r\n", "line\n"),
    ("{{ contact.city }} {{ contact['favourite color'] }} {{ contact.address.zip }}", "Rome red 00100"),
    ("{{ contact.items }}", "7"),
    ("{{ age }} {{ share }} {{ price }} {{ vip }}", "41 2.5 12.50 True"),
    ("{% if age >= 18 and not empty %}adult{% elif vip %}vip{% else %}minor{% endif %}", "adult"),
    ("{{ 'yes' if vip or missing else 'no' }}", "yes"),
    ("[{{ 'a' if empty }}]", "[]"),
    ("{{ missing | default('there') }}", "there"),
    ("{{ nothing | default('there') }}", "there"),
    ("[{{ empty | default('x') }}{{ empty | default('x', true) }}]", "[x]"),
    ("{{ contact.missing | default(name) | upper }}", "ANN"),
    ("{{ name[0] }}{{ 'n' in name }}", "ATrue"),
    ("{{ ' a ' | trim }}{{ 'x' | capitalize }}{{ \"o'neil is here\" | title }}", "aXO'neil Is Here"),
    ("{{ 'abcdefgh' | truncate(6) }}{{ 'abc' | truncate(3) }}{{ 'abc' | truncate(2) }}", "abc...abc.."),
    ("{{ 'abcdef' | truncate(3, '') }}", "abc"),
    ("{{ name | first }}{{ name | last }}{{ name | length }}{{ empty | first }}", "An3"),
    ("{{ 'a-b-c' | replace('-', '+') }}", "a+b+c"),
    (
        "{{ 2.567 | round }} {{ 2.567 | round(2) }} {{ '7' | int }} {{ 'x' | int(9) }} {{ '1.5' | float }}",
        "3 2.57 7 9 1.5",
    ),
    ("{{ age | abs }}{# a comment #}{% raw %}{{ raw }}{% endraw %}", "41{{ raw }}"),
]


@pytest.mark.parametrize(("source", "expected"), RENDERED)
def test_renders(source: str, expected: str) -> None:
    assert compile_template(source).render(CONTEXT) == expected


def test_variables_are_the_paths_read() -> None:
    template = compile_template(
        "{{ name }}{% if contact.vip %}{{ contact['city'] | default(town) }}{% endif %}{{ a[b].c }}"
    )
    assert template.variables == {"name", "contact.vip", "contact.city", "town", "a", "b"}


def test_compiled_once() -> None:
    assert compile_template("Hi {{ name }}") is compile_template("Hi {{ name }}")


FAILED = [
    ("{{ missing }}", "'missing' is undefined"),
    ("{{ contact.missing }}", "'missing' has no value"),
    ("{{ contact.missing.more }}", "'missing' has no value"),
    ("{{ missing.more }}", "'missing' is undefined"),
    ("{% if missing %}x{% endif %}", "'missing' is undefined"),
    ("{{ missing | upper }}", "'missing' is undefined"),
    ("{{ nothing }}", "a value is empty"),
    ("{{ contact }}", "only texts and numbers can be printed"),
    ("{{ contact | upper }}", "a filter takes a text or a number"),
    ("{{ name < age }}", "not supported between"),
    ("{{ name | abs }}", "takes a number"),
    ("{{ name | truncate(0.5) }}", "whole number"),
    ("{{ name | round(9) }}", "takes a number"),
    ("{{ age | round(999999999) }}", "whole number"),
    ("{{ name | replace('', 'x') }}", "needs a text"),
    ("{{ name[age] }}", "has no value"),
]


@pytest.mark.parametrize(("source", "detail"), FAILED)
def test_fails_with_a_reason(source: str, detail: str) -> None:
    with pytest.raises(TemplateFailed) as caught:
        compile_template(source).render(CONTEXT)
    assert detail in caught.value.detail


HOSTILE = [
    "{{ 'a' * 10**9 }}",
    "{{ 'a' | center(10**9) }}",
    "{{ 'a' | center(1000000000) }}",
    "{{ '%999999999d' | format(1) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '{:>300000000}'.format(1) }}",
    "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
    "{% for c in name %}{{ c }}{% endfor %}",
    "{% while true %}{% endwhile %}",
    "{{ ().__class__.__mro__ }}",
    "{{ name.__class__ }}",
    "{{ name['__class__'].mro() }}",
    "{{ name|attr('__class__') }}",
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ _secret }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum() }}",
    "{{ range(10) }}",
    "{{ dict(a=1) }}",
    "{{ name.upper() }}",
    "{% set x = 1 %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'x' %}",
    "{% block x %}{% endblock %}",
    "{% call m() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape false %}{% endautoescape %}",
    "{{ 1 + 1 }}",
    "{{ 1 - 1 }}",
    "{{ -1 }}",
    "{{ 1 // 0 }}",
    "{{ 2 ** 99 }}",
    "{{ name ~ name }}",
    "{{ [1, 2] }}",
    "{{ (1, 2) }}",
    "{{ {'a': 1} }}",
    "{{ name[0:2] }}",
    "{{ name is defined }}",
    "{{ name | map('upper') }}",
    "{{ name | upper(1) }}",
    "{{ name | truncate }}",
    "{{ name | truncate(chars=2) }}",
    "{{ name | default(*name) }}",
    "{{ name",
    "{% if name %}",
    "{{ name | nosuch }}",
    "{{ }}",
    "{{ 'a' 'b' }}{% if %}",
    "{{ " + "9" * 5000 + " }}",
    "{{ " + "(" * 4000 + ")" * 4000 + " }}",
    "{{ " + "not " * 2400 + "x }}",
    "{{ x" + "[0]" * 3000 + " }}",
    "{{ x" + "|upper" * 1600 + " }}",
    "{{ " + "a and " * 1600 + "a }}",
    "{% if a %}" * 450 + "{% endif %}" * 450,
    "{{ a }}" * 1000,
    "{{ a|title|length }}" * 31,
    "x" * 10_001,
    "é" * 5001,
    "\ud800",
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_refuses_at_compile_time(source: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        compile_template(source)
    assert caught.value.detail
    assert isinstance(caught.value, Invalid)


class Leaky:
    """An object that must not be reachable, printable or readable."""

    secret = "s3cret"

    def __str__(self) -> str:
        return self.secret


@pytest.mark.parametrize("source", ["{{ it }}", "{{ it.secret }}", "{{ it['secret'] }}", "{{ it | upper }}"])
def test_objects_are_out_of_reach(source: str) -> None:
    with pytest.raises(TemplateFailed) as caught:
        compile_template(source).render({"it": Leaky()})
    assert "s3cret" not in str(caught.value)


def test_output_is_bounded() -> None:
    big = {"a": "x" * 60_000, "b": "€" * 60_000}
    assert len(compile_template("{{ a }}").render(big)) == 60_000
    for source in ("{{ a }}{{ a }}", "{{ a }}" * 400, "{{ b }}"):
        with pytest.raises(TemplateFailed, match="longer than"):
            compile_template(source).render(big)


def test_replace_cannot_grow_without_end() -> None:
    source = "{{ a" + "|replace('a','aaaaaaaaaaaaaaaaaaaaaaaa')" * 30 + " }}"
    with pytest.raises(TemplateFailed, match="longer than"):
        compile_template(source).render({"a": "a"})


def test_line_of_the_mistake() -> None:
    with pytest.raises(TemplateInvalid) as caught:
        compile_template("one\ntwo\n{{ 1 + 1 }}")
    assert caught.value.line == 3
    assert pickle.loads(pickle.dumps(caught.value)).line == 3


def test_context_is_not_changed() -> None:
    context = {"name": "Ann"}
    compile_template("{% if name %}{{ name | upper }}{% endif %}").render(context)
    assert context == {"name": "Ann"}


PLAIN = st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.booleans(), st.none(), st.decimals())


@given(st.sampled_from(sorted(FILTERS)), PLAIN, PLAIN, PLAIN)
def test_a_filter_answers_or_refuses(name: str, value: Any, one: Any, two: Any) -> None:
    for arguments in ("", "(one)", "(one, two)"):
        with suppress(TemplateFailed, TemplateInvalid):
            compile_template("{{ value | " + name + arguments + " }}").render(
                {"value": value, "one": one, "two": two}
            )


@given(st.text(st.sampled_from("{}%|.()[]'\"*+-~ abif endfor set_0123\n"), max_size=60))
def test_any_source_compiles_or_is_refused(source: str) -> None:
    try:
        template = compile_template(source)
    except TemplateInvalid:
        return
    with suppress(TemplateFailed):
        template.render(CONTEXT)
