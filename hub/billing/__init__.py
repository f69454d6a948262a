"""Money: rates, holds, the ledger and its audit."""
