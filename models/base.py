"""Shared pieces of the table definitions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, MetaData, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

INSTANT = TIMESTAMP(timezone=True, precision=6)


def tenant_column() -> Column[Any]:
    """First column and first key part of every tenant table; no default, so that it cannot be forgotten."""
    return Column("tenant_id", Uuid, primary_key=True, nullable=False)


def id_column() -> Column[Any]:
    return Column("id", Uuid, primary_key=True, nullable=False)


def same_tenant(column: str, target: str, target_column: str = "id", **options: Any) -> ForeignKeyConstraint:
    """A composite foreign key: foreign-key checks bypass row-level security, the tenant in the key does not."""
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{target}.tenant_id", f"{target}.{target_column}"], **options
    )
