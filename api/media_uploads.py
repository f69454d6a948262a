"""The route class of media uploads: multipart/form-data goes to disk as it arrives, before any transaction is open."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect
from starlette.types import Message

from api import idempotency
from api.deps import authenticate
from api.uploads import FileRequest
from hub.errors import Forbidden, Invalid, Malformed
from hub.media.kinds import FILE_BYTES_MAX
from hub.media.shelf import Draft, Shelf, TooLarge
from hub.tenancy.caller import Caller

DRAFT = "hub.media_draft"  # scope entries
FILENAME = "hub.media_filename"
AROUND_BYTES_MAX = 64 * 1024  # what a form may have beside its file
READ_BYTES = 256 * 1024


def may_upload(caller: Caller) -> None:
    """Agents and campaign managers upload. Raises PermissionMissing."""
    try:
        caller.require("inbox:write")
    except Forbidden:
        caller.require("campaigns:write")


class MediaRoute(APIRoute):
    """Who may not upload is refused before a byte is read; what is too large, as soon as it is."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        run = super().get_route_handler()

        async def handler(request: Request) -> Response:
            arrived = FileRequest(request.scope, request.receive)
            if not arrived.headers.get("content-type", "").startswith("multipart/form-data"):
                raise HTTPException(415, "send multipart/form-data with one field, file")
            may_upload(await authenticate(arrived))
            with Shelf(request.app.state.settings.var_dir).draft() as draft:
                arrived.scope[FILENAME] = await _fill(draft, arrived)
                arrived.scope[DRAFT] = draft
                arrived.digest = draft.sha256
                if "idempotency-key" in arrived.headers:
                    return await idempotency.once(arrived, run, ())
                return await run(arrived)

        return handler


async def _fill(draft: Draft, request: Request) -> str:
    """The file's name. Raises HTTPException 413 and 400, Malformed, Invalid."""
    counted = Request(request.scope, _counted(request))
    try:
        parser = MultiPartParser(counted.headers, counted.stream(), max_files=1, max_fields=4)
        form = await parser.parse()
    except MultiPartException as error:
        raise Malformed(f"the form cannot be read: {error.message}") from None
    except ClientDisconnect:
        raise HTTPException(400, "the file did not arrive whole") from None
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid("the form has no file", "/file")
        while piece := await file.read(READ_BYTES):
            draft.add(piece)
        return (file.filename or "").replace("\0", "").rpartition("/")[2].rpartition("\\")[2]
    except TooLarge as error:
        raise HTTPException(413, str(error)) from None
    finally:
        await form.close()


def _counted(request: Request) -> Callable[[], Coroutine[Any, Any, Message]]:
    """The request's body, refused as soon as it is larger than a file may be."""
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > FILE_BYTES_MAX + AROUND_BYTES_MAX:
            raise HTTPException(413, f"a file has at most {FILE_BYTES_MAX // 2**20} MiB")
        return message

    return receive
