"""What the pages of every stand-in share: the frame, its style and its policy. They differ in words and colours."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Page = tuple[int, dict[str, str], bytes]
STYLE = Path(__file__).with_name("page.css")
POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'self' http://localhost:* http://127.0.0.1:*"  # back to the portal after a sign-in
)


@dataclass(frozen=True)
class Shell:
    name: str
    note: str
    sections: Mapping[str, str]  # address → label
    feed: str  # the address of what was sent, newest first
    feed_title: str
    colours: Path  # sets --brand, --on-brand, --bar and --mark

    def style(self) -> Page:
        return 200, {"Content-Type": "text/css"}, self.colours.read_bytes() + STYLE.read_bytes()

    def html(self, content: str, current: str = "", *, status: int = 200, frame: bool = False) -> Page:
        """A page; with `frame` only the content, which is asked for again every two seconds."""
        refresh = '<meta http-equiv=refresh content="2">' if frame else ""
        head = (
            f"<!doctype html><html lang=en><head><meta charset=utf-8>{refresh}"
            '<meta name=viewport content="width=device-width, initial-scale=1">'
            f"<title>{self.name}</title><link rel=stylesheet href=/page.css></head>"
        )
        body = f"<body class=frame>{content}</body></html>" if frame else self._around(content, current)
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
        return status, headers | {"Cache-Control": "no-store"}, (head + body).encode()

    def _around(self, content: str, current: str) -> str:
        links = "".join(
            f'<a href="/{at}"{" aria-current=page" if at == current else ""}>{label}</a>'
            for at, label in self.sections.items()
        )
        return (
            f"<body><nav><b>{self.name}</b>{links}<span>{self.note}</span></nav>"
            f"<div class=sides><main>{content}</main><aside><h2>{self.feed_title} to the portal</h2>"
            f'<iframe src="/{self.feed}" title="{self.feed_title} sent, newest first"></iframe></aside></div>'
            "</body></html>"
        )


def see_other(address: str) -> Page:
    return 303, {"Location": address}, b""
