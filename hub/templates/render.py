"""The one renderer: previews, campaigns, flows and agents' canned replies.

Jinja2, sandboxed, but the sandbox is not what is trusted: a template is parsed and refused unless every node of it
stands on a short list. Nothing on that list loops, calls or multiplies, so time and size are bounded by the source.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar, NoReturn

import jinja2
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hub.errors import Invalid
from hub.templates.filters import FILTERS

SOURCE_BYTES_MAX = 10_000
OUTPUT_BYTES_MAX = 64_000
DEPTH_MAX = 40  # far below the recursion limits of Jinja's generator and Python's compiler
NODES_MAX = 1_000  # with the next one it bounds the time of a render: some 20 ms at the very worst
FILTERS_MAX = 60
COMPILED_MAX = 512

_ALLOWED = frozenset(
    {
        nodes.Template,
        nodes.Output,
        nodes.TemplateData,
        nodes.Name,
        nodes.Const,
        nodes.Getattr,
        nodes.Getitem,
        nodes.Filter,
        nodes.If,
        nodes.CondExpr,
        nodes.Compare,
        nodes.Operand,
        nodes.And,
        nodes.Or,
        nodes.Not,
    }
)
_PRINTED = frozenset({str, int, float, bool, Decimal})


@dataclass(eq=False)
class TemplateInvalid(Invalid):
    """The template cannot be used."""

    code: ClassVar[str] = "template-invalid"
    line: int = 0


@dataclass(eq=False)
class TemplateFailed(Invalid):
    """The template cannot be filled in."""

    code: ClassVar[str] = "template-failed"


class _Environment(ImmutableSandboxedEnvironment):
    """Looks names up in plain dicts and nowhere else: no attribute of any object is within reach."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if type(obj) is dict:
            try:
                return obj[argument]
            except KeyError:
                return self.undefined(f"{argument!r} has no value")
        if type(obj) is str and type(argument) is int and 0 <= argument < len(obj):
            return obj[argument]
        if isinstance(obj, Undefined):
            str(obj)  # raises, and names the variable
        return self.undefined(f"{argument!r} has no value")


def _finalize(value: Any) -> Any:
    """What may be printed: text and numbers. Jinja calls it on the value of every `{{ … }}`."""
    if type(value) in _PRINTED or isinstance(value, Undefined):
        return value
    if value is None:
        raise TemplateFailed("a value is empty; give it a default, as in {{ name | default('there') }}")
    raise TemplateFailed("only texts and numbers can be printed")


def _environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined,
        finalize=_finalize,
        keep_trailing_newline=True,
        autoescape=False,
        optimized=False,
        cache_size=0,
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS)
    return environment


_ENVIRONMENT = _environment()


class Template:
    """A checked, compiled template. Immutable; safe to share between tenants, tasks and threads.

    `variables` are the dotted paths the source reads, such as `name` or `contact.city`.
    """

    __slots__ = ("_compiled", "_render", "source", "variables")

    def __init__(self, source: str, variables: frozenset[str], compiled: jinja2.Template) -> None:
        self.source = source
        self.variables = variables
        self._compiled = compiled
        compiled.globals = {}  # there are none, and Jinja would look through its chain of them in every render
        self._render = compiled.root_render_func

    def render(self, context: Mapping[str, Any]) -> str:
        """Fill in `context`: texts, numbers, and plain dicts of them. Raises TemplateFailed.

        A missing variable is an error, never an empty text; the output holds at most 64 kB.
        """
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._render(self._compiled.new_context(context, shared=True)):  # type: ignore[arg-type]
                size += len(piece)
                if size > OUTPUT_BYTES_MAX:
                    _too_long()
                pieces.append(piece)
        except TemplateFailed:
            raise
        except (TemplateError, SecurityError) as error:
            raise TemplateFailed(error.message or "the template failed") from None
        except (TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
            raise TemplateFailed(str(error) or "the template failed") from None
        text = "".join(pieces)
        if size * 4 > OUTPUT_BYTES_MAX and len(text.encode("utf-8", "surrogatepass")) > OUTPUT_BYTES_MAX:
            _too_long()
        return text


def _too_long() -> NoReturn:
    raise TemplateFailed(f"the text is longer than {OUTPUT_BYTES_MAX // 1000} kB")


def compile_template(source: str) -> Template:
    """Check and compile `source`, at most 10 kB; the last few hundred are remembered. Raises TemplateInvalid."""
    try:
        size = len(source.encode())
    except UnicodeEncodeError:
        raise TemplateInvalid("the template holds a broken character") from None
    if size > SOURCE_BYTES_MAX:
        raise TemplateInvalid(f"the template is longer than {SOURCE_BYTES_MAX // 1000} kB")
    return _compile(source)


@lru_cache(maxsize=COMPILED_MAX)
def _compile(source: str) -> Template:
    try:
        tree = _ENVIRONMENT.parse(source)
        variables = _check(tree)
        compiled = _ENVIRONMENT.from_string(source)
    except TemplateSyntaxError as error:
        raise TemplateInvalid(error.message or "the template cannot be read", line=error.lineno) from None
    except RecursionError:
        raise TemplateInvalid("the template is nested too deeply") from None
    except (ValueError, OverflowError, SyntaxError, MemoryError) as error:
        raise TemplateInvalid(f"the template cannot be read: {error}") from None
    return Template(source, variables, compiled)


def _check(tree: nodes.Template) -> frozenset[str]:
    """Every node against the list; returns the dotted paths that are read. Raises TemplateInvalid."""
    variables: set[str] = set()
    seen = filters = 0
    waiting: list[tuple[nodes.Node, int, bool]] = [(tree, 0, False)]
    while waiting:
        node, depth, inside_path = waiting.pop()
        if depth > DEPTH_MAX:
            raise TemplateInvalid("the template is nested too deeply", line=node.lineno)
        if type(node) not in _ALLOWED:
            raise TemplateInvalid(_refusal(node), line=node.lineno)
        seen += 1
        filters += type(node) is nodes.Filter
        if seen > NODES_MAX or filters > FILTERS_MAX:
            raise TemplateInvalid("the template has too many parts", line=node.lineno)
        path = None
        match node:
            case nodes.Name(name=name) if name.startswith("_") or name == "self":
                raise TemplateInvalid(f"the name {name!r} is reserved", line=node.lineno)
            case nodes.Getattr(attr=name) if name.startswith("_"):
                raise TemplateInvalid(f"the name {name!r} is reserved", line=node.lineno)
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                path = _path(node)
                if path is not None and not inside_path:
                    variables.add(path)
            case nodes.Filter():
                _check_filter(node)
        waiting.extend((child, depth + 1, path is not None) for child in node.iter_child_nodes())
    return frozenset(variables)


def _path(node: nodes.Node) -> str | None:
    """`contact.city` for Name and Getattr chains and constant keys, else None. Loops, as chains may be long."""
    tail: list[str] = []
    while True:
        match node:
            case nodes.Name(name=name):
                return ".".join([name, *reversed(tail)])
            case nodes.Getattr(attr=name, node=inner):
                tail.append(name)
                node = inner
            case nodes.Getitem(arg=nodes.Const(value=str(name)), node=inner):
                tail.append(name)
                node = inner
            case _:
                return None


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in FILTERS:
        known = ", ".join(FILTERS)
        raise TemplateInvalid(f"there is no filter {node.name!r}; use one of {known}", line=node.lineno)
    if node.node is None or node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
        raise TemplateInvalid(
            f"give the arguments of {node.name!r} one by one, without names", line=node.lineno
        )
    try:
        inspect.signature(FILTERS[node.name]).bind(None, *node.args)
    except TypeError:
        raise TemplateInvalid(f"{node.name!r} has too many or too few arguments", line=node.lineno) from None


def _refusal(node: nodes.Node) -> str:
    match node:
        case nodes.For():
            return "a template has no loops"
        case nodes.Call() | nodes.CallBlock():
            return "a template calls no functions"
        case nodes.BinExpr() | nodes.UnaryExpr() | nodes.Concat():
            return "a template does no arithmetic and joins no texts; write the values one after the other"
        case nodes.Test():
            return "tests with 'is' are not available; use the filter default"
        case _:
            return f"{type(node).__name__} is not allowed in a template"
