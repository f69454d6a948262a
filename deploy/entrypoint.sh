#!/bin/sh
# Runs a program as a driver of the Ray cluster: a driver must sit on a node of it, so this container joins as one without processors.
set -eu
ray start --address="$RAY_ADDRESS" --num-cpus=0 --disable-usage-stats --include-dashboard=false >/dev/null
exec "$@"
