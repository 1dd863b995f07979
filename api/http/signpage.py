"""The page on which a party reads and signs, for a telephone: plain HTML, one style sheet, one script.

The token in the address is the session's. The page shows the terms, every page of the document as a picture
and as text, consent boxes that start empty, and what is agreed to in full before the last button.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from api import messages
from api.consents import consent_text
from api.errors import CallerUnproven
from api.http.centre import Wired
from api.http.pagehtml import Markup, attributes_of, element, html, joined, said
from api.http.pagepictures import page_count, page_picture, page_texts
from api.http.presented import MAX_SHOWN, shown_document
from api.http.problems import of_error
from api.http.sessionshown import SessionShown, session_shown
from api.http.signsession import From, find_session
from api.http.signterms import terms_list
from api.settings import Language
from api.wiring import Centre
from signing.attend import Presented
from signing.errors import SigningError
from signing.stamp import beijing

MAX_MESSAGES = 10  # the newest
MAX_PICTURES = 300  # of one page of ours; longer documents are read in a reader of one's own
PICTURE_WIDTH = 1_080  # pixels: a telephone's screen
_ASSETS = {"sign.css": "text/css", "sign.js": "text/javascript"}
_SAID = (
    "left",
    "scroll",
    "read",
    "identified",
    "sent",
    "signed",
    "signed-text",
    "declined",
    "declined-text",
    "offline",
)
_FIXED = (
    "terms-title",
    "document-title",
    "download",
    "text-title",
    "noscript",
    "read-title",
    "read-waiting",
    "consent-title",
    "identity-title",
    "identity-legend",
    "card-label",
    "identify",
    "confirm-title",
    "state",
    "send",
    "code-label",
    "pad",
    "pad-clear",
    "sign",
    "decline-title",
    "reason-label",
    "decline",
    "footer",
)
TokenPath = Annotated[str, Path(pattern=r"^sign-[A-Za-z0-9_-]{20,59}$")]
router = APIRouter(include_in_schema=False)


@router.get("/sign/{token}")
def sign_page(token: TokenPath, request: Request, centre: Wired, origin: From) -> HTMLResponse:
    """The page; the document counts as put before the party from here on."""
    language = _language(request)
    try:
        find_session(centre, token)
        presented = centre.contracts.attendance.document(token, origin)
        return _page(centre, token, presented, language)
    except (SigningError, CallerUnproven) as error:
        problem = of_error(error, language)
        values = {"title": problem.title, "detail": problem.detail, "advice": said("advice", language)}
        return html("plain.html", language, values, problem.status)


@router.get("/sign/{token}/pages/{number}.png")
def picture(token: TokenPath, number: Annotated[int, Path(ge=1, le=100_000)], centre: Wired) -> Response:
    """One page of what the party was shown."""
    data = page_picture(shown_document(centre, token), number, PICTURE_WIDTH)
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, no-store"})


@router.get("/sign/{token}/document.pdf")
def download(token: TokenPath, centre: Wired) -> Response:
    """What the party was shown, as a file."""
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'inline; filename="contract.pdf"'}
    return Response(shown_document(centre, token), media_type="application/pdf", headers=headers)


@router.get("/sign/{token}/messages")
def messages_page(token: TokenPath, request: Request, centre: Wired) -> HTMLResponse:
    """Short messages to this party, where the simulator in this process takes them."""
    language = _language(request)
    desk = centre.simulator
    admitted = centre.contracts.attendance.whose(token)
    if desk is None or not centre.message_sender.simulated:
        raise HTTPException(404)
    mobile = admitted.party.signer.mobile
    found = desk.messages(mobile)[-MAX_MESSAGES:] if mobile is not None else []
    items = [element("p", f"{beijing(one.at)}  {one.text}") for one in reversed(found)]
    values = {
        "title": said("messages-title", language),
        "detail": joined(*items) if items else said("messages-none", language),
        "advice": said("test", language),
    }
    return html("plain.html", language, values)


@router.get("/assets/{name}")
def asset(name: str) -> Response:
    """The style sheet and the script."""
    media_type = _ASSETS.get(name)
    if media_type is None:
        raise HTTPException(404)
    data = files("api.http").joinpath("pages", name).read_bytes()
    return Response(data, media_type=media_type, headers={"Cache-Control": "public, max-age=3600"})


def _language(request: Request) -> Language:
    """Chinese unless English is asked for: the parties of these contracts read it."""
    asked = request.headers.get("accept-language")
    return messages.negotiate(asked) if asked else "zh-CN"


def _page(centre: Centre, token: str, presented: Presented, language: Language) -> HTMLResponse:
    admitted = centre.contracts.attendance.whose(token)
    with centre.database.reading() as unit:
        shown = session_shown(unit, admitted, language, centre.clock.now())
    text = {name.replace("-", "_"): said(name, language) for name in _FIXED}
    role = said(f"role-{shown.role}", language)
    heading = said("heading", language, title=shown.title)
    values = {
        **text,
        "title": heading,
        "heading": heading,
        "token": token,
        "banner": _banner(centre, token, language),
        "who": said("who", language, name=shown.name, role=role, number=shown.number),
        "terms": terms_list(admitted.contract, language),
        "digest": said("digest", language, sha256=presented.shown.digests.sha256.hex()),
        "min_dwell": str(shown.reading.min_dwell_s),
        "must_scroll": _flag(shown.reading.must_scroll),
        "one_time_code": _flag(shown.one_time_code),
        "identified": _flag(shown.identity.done),
        "said": attributes_of({f"data_say_{name}": said(f"say-{name}", language) for name in _SAID}),
        "consents": _consents(shown, language),
        "consent_hidden": Markup("" if shown.consents else "hidden"),
        "identity_hidden": Markup("" if shown.identity.ways else "hidden"),
        "identity_state": said("say-identified", language) if shown.identity.done else "",
        "ways": _ways(shown, language),
        "card_hidden": Markup("" if any("four-elements" in way for way in shown.identity.ways) else "hidden"),
        **_document(presented.data, token, language),
    }
    return html("sign.html", language, values)


def _banner(centre: Centre, token: str, language: Language) -> Markup:
    """What marks a test, with the way to messages that no telephone receives."""
    sender = centre.message_sender
    if not (centre.identity_provider.simulated or sender.simulated):
        return Markup("")
    text = element("span", said("test", language))
    link = ""
    if sender.simulated and centre.simulator is not None:
        link = element("a", said("messages-title", language), href=f"/sign/{token}/messages", target="_blank")
    return Markup(f'<p class="test">{text} {link}</p>')


def _document(data: bytes, token: str, language: Language) -> dict[str, Markup]:
    pages = page_count(data) if len(data) <= MAX_SHOWN else MAX_PICTURES + 1
    if pages > MAX_PICTURES:
        return {"pages": element("p", said("too-long", language)), "texts": Markup("")}
    figures = [_figure(number, pages, token, language) for number in range(1, pages + 1)]
    texts = [
        joined(element("h3", said("page", language, number=one.page, count=pages)), element("pre", one.text))
        for one in page_texts(data, 1, pages)
    ]
    return {"pages": joined(*figures), "texts": joined(*texts)}


def _figure(number: int, pages: int, token: str, language: Language) -> Markup:
    place = said("page", language, number=number, count=pages)
    alt = said("picture", language, number=number)
    source = attributes_of({"src": f"/sign/{token}/pages/{number}.png", "alt": alt, "loading": "lazy"})
    caption = element("figcaption", place)
    return Markup(f'<figure data-page="{number}"><img{source}>{caption}</figure>')


def _consents(shown: SessionShown, language: Language) -> Markup:
    """Each in a box of its own, empty until the party ticks it."""
    parts = []
    for one in shown.consents:
        if not one.required:
            continue  # for a face, which an application captures, and asks about
        text = consent_text(one.scope, language)
        if text is None:
            parts.append(element("p", said("consent-elsewhere", language, scope=one.scope)))
            continue
        title, _, body = text.text.partition("\n")
        box = attributes_of(
            {
                "type": "checkbox",
                "autocomplete": "off",
                "data_scope": one.scope,
                "data_text": text.text_id,
                "data_sha256": text.sha256,
            }
        )
        label = element("span", said("i-agree", language, text=title))
        body_shown = element("pre", body.strip())
        parts.append(
            Markup(
                f"<details open>{element('summary', title)}{body_shown}</details>"
                f'<label class="choice"><input{box}>{label}</label>'
            )
        )
    return joined(*parts)


def _ways(shown: SessionShown, language: Language) -> Markup:
    """The ways of proving an identity that a page can offer: a face is captured by an application."""
    parts: list[Markup] = []
    for way in shown.identity.ways:
        if "face" in way:
            continue
        words = said("and", language).join(said(f"method-{one}", language) for one in way)
        checked = {} if parts else {"checked": ""}
        box = attributes_of({"type": "radio", "name": "way", "value": "+".join(way), **checked})
        parts.append(Markup(f'<label class="choice"><input{box}>{element("span", words)}</label>'))
    return joined(*parts) if parts else element("p", said("face-only", language))


def _flag(value: bool) -> str:  # noqa: FBT001  (an attribute's text)
    return "true" if value else "false"
