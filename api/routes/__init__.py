"""Thin routes, one file a module: read the request, call the service, shape the answer."""
