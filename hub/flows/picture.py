"""A flow as a picture (SVG): nodes where they stand on the canvas, their ports named, edges between. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from hub.flows.definition import Flow, Position

WIDTH, HEIGHT, MARGIN = 220, 64, 40
LINE_CHARS = 34
COLOURS = {
    "Flow": "#5c7cfa",
    "Messages": "#12b886",
    "Logic": "#fab005",
    "Data": "#868e96",
    "People": "#e64980",
    "Voice": "#7950f2",
}
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1f2023}.t{font-weight:600}.p{font-size:10px;fill:#5c636a}"
    ".n{fill:#fff;stroke:#868e96}.e{fill:none;stroke:#868e96;stroke-width:1.5}.c{fill:#fff3bf;stroke:#fab005}"
)


def svg(flow: Flow, title: str = "") -> str:
    """The picture, as large as the flow. Texts are cut, never markup."""
    places = {place: flow.positions.get(place, Position()) for place in flow.nodes}
    corners = [*places.values(), *(comment.position for comment in flow.comments)]
    left = min(each.x for each in corners) - MARGIN
    top = min(each.y for each in corners) - MARGIN
    width = max(each.x for each in corners) + WIDTH + MARGIN - left
    height = max(each.y for each in corners) + HEIGHT + MARGIN - top
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img">',
        f"<title>{_text(title or 'Flow', 200)}</title><style>{_STYLE}</style>",
        '<marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#868e96"/></marker>',
        *_edges(flow, places),
        *_nodes(flow, places),
        *_comments(flow),
        "</svg>",
    ]
    return "\n".join(parts)


def _nodes(flow: Flow, places: dict[str, Position]) -> Iterator[str]:
    for place, node in flow.nodes.items():
        at = places[place]
        colour = COLOURS.get(node.group, "#868e96")
        yield (
            f'<g transform="translate({at.x:g} {at.y:g})"><rect class="n" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
            f'<rect width="4" height="{HEIGHT}" rx="2" fill="{colour}"/>'
            f'<text class="t" x="14" y="22">{_text(node.title)}</text>'
            f'<text x="14" y="40">{_text(node.summary())}</text></g>'
        )


def _edges(flow: Flow, places: dict[str, Position]) -> Iterator[str]:
    for edge in flow.edges:
        ports = list(flow.nodes[edge.source].out_ports())
        share = (ports.index(edge.port) + 1) / (len(ports) + 1)
        begin, end = places[edge.source], places[edge.target]
        x1, y1, x2, y2 = begin.x + WIDTH * share, begin.y + HEIGHT, end.x + WIDTH / 2, end.y
        bend = max(abs(y2 - y1) / 2, 30)
        yield (
            f'<path class="e" marker-end="url(#a)" '
            f'd="M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2:g}"/>'
        )
        if len(ports) > 1:
            yield f'<text class="p" x="{x1 + 4:g}" y="{y1 + 12:g}">{_text(edge.port, 20)}</text>'


def _comments(flow: Flow) -> Iterator[str]:
    for comment in flow.comments:
        at = comment.position
        yield (
            f'<g transform="translate({at.x:g} {at.y:g})"><rect class="c" width="{WIDTH}" height="{HEIGHT}" rx="3"/>'
            f'<text x="10" y="24">{_text(comment.text)}</text></g>'
        )


def _text(said: str, most: int = LINE_CHARS) -> str:
    plain = "".join(each if each.isprintable() else " " for each in " ".join(said.split()))
    return escape(plain if len(plain) <= most else plain[: most - 1] + "…")
