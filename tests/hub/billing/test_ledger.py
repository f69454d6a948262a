"""The wallet's rules, each as a table of ledger_script.py."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.hub.billing.ledger_script import Ledger

SCRIPTS = {
    "B27 balance, limit, hold, capture of less": """
        top_up t1 10.00     -> booked   | 10.00  10.00   0.00
        limit  5.00         -> set      | 10.00  15.00   0.00
        hold   h1 12.00     -> held     | 10.00   3.00  12.00
        hold   h2 3.000001  -> refused  | 10.00   3.00  12.00
        capture h1 9.50     -> captured |  0.50   5.50   0.00
        hold   h3 5.50      -> held     |  0.50   0.00   5.50
        release h3 5.50     -> released |  0.50   5.50   0.00
    """,
    "B28 a late result is charged past the limit": """
        top_up t1 1.00      -> booked   |  1.00   1.00   0.00
        hold   h1 0.90      -> held     |  1.00   0.10   0.90
        age    h1           -> aged     |  1.00   0.10   0.90
        expire              -> 1        |  1.00   1.00   0.00
        hold   h2 0.50      -> held     |  1.00   0.50   0.50
        capture h2 0.50     -> captured |  0.50   0.50   0.00
        capture h1 0.90     -> late     | -0.40  -0.40   0.00 overdrawn
        hold   h3 0.000001  -> refused  | -0.40  -0.40   0.00 overdrawn
        hold   h4 0         -> held     | -0.40  -0.40   0.00 overdrawn
        top_up t2 0.30      -> booked   | -0.10  -0.10   0.00 overdrawn
        top_up t3 0.10      -> booked   |  0.00   0.00   0.00
        top_up t4 0.05      -> booked   |  0.05   0.05   0.00
        hold   h5 0.05      -> held     |  0.05   0.00   0.05
    """,
    "B30 a top-up with tax credits the net": """
        top_up t1 100.00 19.00 -> booked   | 100.00 100.00 0.00
        top_up t1 100.00 19.00 -> exists   | 100.00 100.00 0.00
        top_up t1 100.00       -> conflict | 100.00 100.00 0.00
        top_up t1 100.01 19.00 -> conflict | 100.00 100.00 0.00
        top_up t2 0            -> invalid  | 100.00 100.00 0.00
        top_up t2 -5           -> invalid  | 100.00 100.00 0.00
    """,
    "same id and body is the first answer, another body a conflict": """
        top_up t1 1.00      -> booked   |  1.00  1.00  0.00
        hold   h1 0.30      -> held     |  1.00  0.70  0.30
        hold   h1 0.30      -> exists   |  1.00  0.70  0.30
        hold   h1 0.31      -> conflict |  1.00  0.70  0.30
        block  h1 1 x 0.30  -> conflict 0 |  1.00  0.70  0.30
        capture h1 0.12     -> captured |  0.88  0.88  0.00
        hold   h1 0.30      -> exists   |  0.88  0.88  0.00
    """,
    "a message is charged once and released never after": """
        top_up t1 1.00      -> booked   |  1.00  1.00  0.00
        hold   h1 0.30      -> held     |  1.00  0.70  0.30
        capture h1 0.30     -> captured |  0.70  0.70  0.00
        capture h1 0.30     -> nothing  |  0.70  0.70  0.00
        release h1 0.30     -> nothing  |  0.70  0.70  0.00
    """,
    "a release is final for the hold; a capture after it is late": """
        top_up t1 1.00      -> booked   |  1.00  1.00  0.00
        hold   h1 0.30      -> held     |  1.00  0.70  0.30
        release h1 0.30     -> released |  1.00  1.00  0.00
        release h1 0.30     -> nothing  |  1.00  1.00  0.00
        hold   h1 0.30      -> expired  |  1.00  1.00  0.00
        capture h1 0.30     -> late     |  0.70  0.70  0.00
        capture h1 0.30     -> nothing  |  0.70  0.70  0.00
    """,
    "a release after the hold's end does nothing": """
        top_up t1 1.00      -> booked   |  1.00  1.00  0.00
        hold   h1 0.30      -> held     |  1.00  0.70  0.30
        age    h1           -> aged     |  1.00  0.70  0.30
        expire              -> 1        |  1.00  1.00  0.00
        expire              -> 0        |  1.00  1.00  0.00
        release h1 0.30     -> nothing  |  1.00  1.00  0.00
        hold   h1 0.30      -> expired  |  1.00  1.00  0.00
    """,
    "a hold does not expire while its settlement waits": """
        top_up t1 1.00           -> booked   |  1.00  1.00  0.00
        hold   h1 0.30           -> held     |  1.00  0.70  0.30
        age    h1                -> aged     |  1.00  0.70  0.30
        owe    capture h1 0.30   -> waiting  |  1.00  0.70  0.30
        expire                   -> 0        |  1.00  0.70  0.30
        settle                   -> 1        |  0.70  0.70  0.00
    """,
    "more than was held is an overrun": """
        top_up t1 1.00      -> booked   |  1.00  1.00  0.00
        hold   h1 0.30      -> held     |  1.00  0.70  0.30
        capture h1 0.50     -> captured+late |  0.50  0.50  0.00
        hold   h2 0.50      -> held     |  0.50  0.00  0.50
        capture h2 0.60     -> captured+late | -0.10 -0.10  0.00 overdrawn
    """,
    "a hold of unknown id is still charged": """
        top_up t1 1.00      -> booked   |  1.00  1.00  0.00
        capture h9 0.30     -> late     |  0.70  0.70  0.00
        release h8 0.30     -> nothing  |  0.70  0.70  0.00
    """,
    "free messages need no money": """
        hold   h1 0         -> held     |  0.00  0.00  0.00
        hold   h1 0         -> exists   |  0.00  0.00  0.00
        block  b1 3 x 0     -> held 3   |  0.00  0.00  0.00
        capture h1 0        -> nothing  |  0.00  0.00  0.00
        expire              -> 0        |  0.00  0.00  0.00
        hold   h2 0.000001  -> refused  |  0.00  0.00  0.00
    """,
    "a single message that came out free gives its hold back": """
        top_up t1 1.00      -> booked   |  1.00  1.00  0.00
        hold   h1 0.30      -> held     |  1.00  0.70  0.30
        capture h1 0        -> released |  1.00  1.00  0.00
    """,
    "a block: many captures until every message is resolved": """
        top_up t1 1.00           -> booked   |  1.00  1.00  0.00
        block  b1 3 x 0.20       -> held 3   |  1.00  0.40  0.60
        block  b1 3 x 0.20       -> exists 3 |  1.00  0.40  0.60
        capture b1/m1 0.20       -> captured |  0.80  0.40  0.40
        capture b1/m1 0.20       -> nothing  |  0.80  0.40  0.40
        release b1/m1 0.20       -> nothing  |  0.80  0.40  0.40
        release b1/m2 0.20       -> released |  0.80  0.60  0.20
        release b1/m2 0.20       -> nothing  |  0.80  0.60  0.20
        capture b1/m3 0.20       -> captured |  0.60  0.60  0.00
        capture b1/m4 0.20       -> late     |  0.40  0.40  0.00
        block  b1 3 x 0.20       -> exists 3 |  0.40  0.40  0.00
    """,
    "a block's message that was released and is charged after all does not spend its neighbours' money": """
        top_up t1 1.00           -> booked   |  1.00  1.00  0.00
        block  b1 2 x 0.20       -> held 2   |  1.00  0.60  0.40
        release b1/m1 0.20       -> released |  1.00  0.80  0.20
        capture b1/m1 0.20       -> late     |  0.80  0.60  0.20
        capture b1/m2 0.20       -> captured |  0.60  0.60  0.00
    """,
    "a block that expires or is closed gives its rest back": """
        top_up t1 1.00           -> booked   |  1.00  1.00  0.00
        block  b1 2 x 0.20       -> held 2   |  1.00  0.60  0.40
        capture b1/m1 0.20       -> captured |  0.80  0.60  0.20
        age    b1                -> aged     |  0.80  0.60  0.20
        expire                   -> 1        |  0.80  0.80  0.00
        block  b1 2 x 0.20       -> expired 0 |  0.80  0.80  0.00
        block  b2 2 x 0.20       -> held 2   |  0.80  0.40  0.40
        owe    capture b2/n1 0.20 -> waiting |  0.80  0.40  0.40
        close  b2                -> 0.20     |  0.60  0.60  0.00
        close  b2                -> 0.00     |  0.60  0.60  0.00
        capture b2/n2 0.20       -> late     |  0.40  0.40  0.00
    """,
    "part of a block is granted where all is too much": """
        top_up t1 1.00            -> booked    |  1.00  1.00  0.00
        block  b1 9 x 0.30        -> refused 0 |  1.00  1.00  0.00
        block  b1 9 x 0.30 part   -> held 3    |  1.00  0.10  0.90
        block  b1 9 x 0.30 part   -> exists 3  |  1.00  0.10  0.90
        block  b2 9 x 0.30 part   -> refused 0 |  1.00  0.10  0.90
        top_up t2 1.00            -> booked    |  2.00  1.10  0.90
        block  b1 9 x 0.30 part   -> exists 3  |  2.00  1.10  0.90
        block  b2 9 x 0.30 part   -> held 3    |  2.00  0.20  1.80
    """,
    "a limit below what is in use blocks and voids nothing": """
        limit  1.00         -> set      |  0.00  1.00  0.00
        hold   h1 0.60      -> held     |  0.00  0.40  0.60
        limit  0.50         -> set      |  0.00 -0.10  0.60 overdrawn
        hold   h2 0.01      -> refused  |  0.00 -0.10  0.60 overdrawn
        capture h1 0.40     -> captured | -0.40  0.10  0.00
        hold   h2 0.01      -> held     | -0.40  0.09  0.01
    """,
    "a writer that was replaced writes nothing": """
        top_up t1 1.00      -> booked   |  1.00  1.00  0.00
        hold   h1 0.30      -> held     |  1.00  0.70  0.30
        take_over           -> taken    |  1.00  0.70  0.30
        hold   h1 0.30      -> exists   |  1.00  0.70  0.30
        capture h1 0.30     -> captured |  0.70  0.70  0.00
    """,
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
async def test_script(engine: AsyncEngine, tenant: UUID, script: str) -> None:
    await (await Ledger(engine, tenant).open()).check(script)
