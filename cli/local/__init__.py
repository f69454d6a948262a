"""The local launcher: real PostgreSQL, Valkey and Ray, the gateway and the carrier, all on one machine."""
