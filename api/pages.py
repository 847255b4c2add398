"""The pages that people see: the web component `<brain-assistant>`, the agents' console, insights, review. No CDN."""

import gzip
import hashlib
from functools import cache
from importlib import resources
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

router = APIRouter(include_in_schema=False)
_MEDIA = {"js": "text/javascript", "css": "text/css", "html": "text/html"}
_ANYWHERE = {
    # Other sites' pages load the component, with `crossorigin` and `integrity` too. It holds nothing of anyone.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=300, stale-while-revalidate=86400",
}
_HERE = {
    # No inline script or style, and no HTML made from text.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Features(BaseModel):
    """What this service has beyond answering, for a component of any version to show or hide."""

    feedback: bool = Field(description="whether it takes `POST /v1/feedback`")


class _File(NamedTuple):
    body: bytes
    zipped: bytes
    etag: str
    media: str


@router.get("/widget/brain-assistant.js")
async def component(request: Request) -> Response:
    return _sent(request, "brain-assistant.js", _ANYWHERE)


@router.get("/widget/features")
async def features(response: Response) -> Features:
    response.headers.update(_ANYWHERE)
    return Features(feedback=True)


def _add(path: str, name: str) -> None:
    async def page(request: Request) -> Response:
        return _sent(request, name, _HERE)

    router.add_api_route(path, page, methods=["GET"], name=name)


for _page in ("console", "insights", "review"):
    _add(f"/{_page}", f"{_page}.html")
for _part in ("console.js", "past.js", "console.css", "desk.js", "desk.css", "insights.js", "review.js"):
    _add(f"/{_part}", _part)


@cache
def _file(name: str) -> _File:
    body = resources.files("api").joinpath("static", name).read_bytes()
    return _File(
        body, gzip.compress(body, mtime=0), hashlib.sha256(body).hexdigest()[:20], _MEDIA[name.rpartition(".")[2]]
    )


def _sent(request: Request, name: str, headers: dict[str, str]) -> Response:
    """The file, zipped where the browser takes that; 304 where it has the same already."""
    file = _file(name)
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    # Weak, as the zipped and the plain form are the same file.
    headers = headers | {"ETag": f'W/"{file.etag}"', "Vary": "Accept-Encoding"}
    if file.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(file.zipped if zipped else file.body, headers=headers, media_type=file.media)
