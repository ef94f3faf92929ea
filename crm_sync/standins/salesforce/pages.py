"""The page where a person plays the vendor's CRM user: find an account, change it, watch the messages."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from crm_sync.standins.salesforce import oauth
from crm_sync.standins.salesforce.checks import Refused
from crm_sync.standins.salesforce.definitions import LABELS
from crm_sync.standins.salesforce.event_bus import Bus
from crm_sync.standins.salesforce.messages import Sender
from crm_sync.standins.salesforce.records import Organization
from crm_sync.standins.salesforce.wire import Call
from crm_sync.standins.shell import Page, Shell, see_other

SHOWN = ("Account", "Contact", "Opportunity", "Lead")
POINTERS = ("AccountId", "Partner__c", "Distributor__c")
COLUMNS = {
    "Account": ["Name", "Partner_Tier__c", "Partner_Phase__c", "BillingCity"],
    "Contact": ["Name", "Email", "Title", "Partner_Role__c"],
    "Opportunity": ["Name", "StageName", "Amount", "CloseDate"],
    "Lead": ["Name", "Company", "Status"],
}
SHELL = Shell(
    name="Stand-in Salesforce",
    note="The other CRM of the demo, on this machine. No data leaves it.",
    sections={name: LABELS[name] for name in SHOWN},
    feed="messages",
    feed_title="Changes",
    colours=Path(__file__).with_name("colours.css"),
)


class Account(Protocol):
    """The part of the stand-in that the pages show."""

    org: Organization
    sender: Sender
    bus: Bus
    oauth: oauth.OAuth


def respond(standin: Account, call: Call) -> Page:
    match [call.method, *call.path.strip("/").split("/")]:
        case ["GET", ""]:
            return see_other("/Account")
        case ["GET", "page.css"]:
            return SHELL.style()
        case ["GET", "messages"]:
            return SHELL.html(_messages(standin), frame=True)
        case ["GET", "services", "oauth2", "authorize"]:
            return SHELL.html(oauth.consent_page(standin.oauth, call))
        case ["POST", "services", "oauth2", "authorize"]:
            return see_other(oauth.decided(standin.oauth, call))
        case ["GET", "lightning", "r", name, record_id, "view"] if name in SHOWN:
            return see_other(f"/{name}/{quote(record_id)}")  # as Salesforce's own pages are called
        case ["GET", name] if name in SHOWN:
            return SHELL.html(_list(standin, name, call.first("q")), name)
        case ["GET", name, record_id] if name in SHOWN and standin.org.find(name, record_id):
            return SHELL.html(_form(standin, name, record_id, {}, {}, saved="saved" in call.query), name)
        case ["POST", name, record_id] if name in SHOWN and standin.org.find(name, record_id):
            return _save(standin, name, record_id, call)
    return SHELL.html("<h1>Nothing here</h1>", status=404)


def _save(standin: Account, name: str, record_id: str, call: Call) -> Page:
    # Another site's page could post here too; a browser says where a form comes from.
    if call.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return SHELL.html("<h1>Refused</h1>", status=403)
    form = call.form()
    known = _editable(standin, name)
    try:
        values = {f: _typed(item, form[f]) for f, item in known.items() if f in form}
        standin.org.change(name, record_id, values, by_app=False)
    except Refused as refused:
        errors = {field: e["message"] for e in refused.errors for field in e["fields"]}
        return SHELL.html(_form(standin, name, record_id, errors, form), name, status=400)
    return see_other(f"/{name}/{quote(record_id)}?saved")


def _typed(known: Mapping[str, Any], text: str) -> Any:
    text = text.replace("\r\n", "\n").strip()
    if known["type"] == "boolean":
        return text == "true"
    if not text:
        return None
    if known["type"] in ("int", "double", "currency", "percent"):
        try:
            return int(text) if text.lstrip("-").isdigit() else float(text)
        except ValueError:
            return text
    return text


def _list(standin: Account, name: str, words: str) -> str:
    known, columns = standin.org.fields[name], COLUMNS[name]
    rows = [row for row in list(standin.org.records[name].values()) if not row.get("IsDeleted")]
    found = [row for row in rows if words.casefold() in " ".join(map(str, row.values())).casefold()]
    found.sort(key=lambda row: str(row.get("Name") or "").casefold())
    heads = "".join(f"<th scope=col>{escape(known[c]['label'])}</th>" for c in columns)
    lines = "".join(_row(name, row, columns, known) for row in found[:200])
    lines = lines or f"<tr><td colspan={len(columns)} class=none>Nothing found.</td></tr>"
    return (
        f"<header class=head><h1>{LABELS[name]}</h1><p>{len(found)} of {len(rows)}</p>"
        "<form class=search role=search><label><span class=hidden>Search</span>"
        f'<input name=q type=search value="{escape(words)}" placeholder="Name, tier, city…"></label>'
        "<button>Search</button></form></header>"
        f"<div class=scroll><table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _row(name: str, row: Mapping[str, Any], columns: list[str], known: Mapping[str, Any]) -> str:
    title = escape(str(row.get(columns[0]) or row["Id"]))
    cells = "".join(f"<td>{escape(_shown(known[c], row.get(c)))}</td>" for c in columns[1:])
    return f'<tr><th scope=row><a href="/{name}/{quote(row["Id"])}">{title}</a></th>{cells}</tr>'


def _shown(known: Mapping[str, Any], value: Any) -> str:
    """Choices by their labels: the values are the API's."""
    labels = {choice["value"]: choice["label"] for choice in known["picklistValues"]}
    return ", ".join(labels.get(part, part) for part in str(value or "").split(";"))


def _form(
    standin: Account,
    name: str,
    record_id: str,
    errors: Mapping[str, str],
    typed: Mapping[str, str],
    *,
    saved: bool = False,
) -> str:
    row = standin.org.records[name][record_id]
    fields = "".join(
        _field(item, typed.get(f, _text(row.get(f))), errors.get(f, ""))
        for f, item in _editable(standin, name).items()
    )
    note = "<p class=saved role=status>Saved. The portal is told that something changed.</p>" if saved else ""
    return (
        f'<header class=head><p class=back><a href="/{name}">{LABELS[name]}</a></p>'
        f"<h1>{escape(str(row.get('Name') or record_id))}</h1>"
        f"<p>{escape(record_id)}, changed {escape(row['SystemModstamp'])}</p>"
        f"{_ends(standin, name, row)}</header>{note}"
        f"<form method=post class=fields>{fields}<p class=actions><button class=main>Save</button></p></form>"
    )


def _ends(standin: Account, name: str, row: Mapping[str, Any]) -> str:
    """The accounts that the record points to."""
    known, links = standin.org.fields[name], []
    for pointer in POINTERS:
        account = standin.org.find("Account", str(row.get(pointer) or ""))
        if account:
            link = f'<a href="/Account/{quote(account["Id"])}">{escape(str(account["Name"]))}</a>'
            links.append(f"{escape(known[pointer]['label'].removesuffix(' ID'))}: {link}")
    return f"<p>{', '.join(links)}</p>" if links else ""


def _field(known: Mapping[str, Any], value: str, error: str) -> str:
    name, label = escape(known["name"]), escape(known["label"])
    hint = f"<small class=error>{escape(error)}</small>" if error else f"<small>{name}</small>"
    choices = [(o["value"], o["label"]) for o in known["picklistValues"] if o["active"]]
    if known["type"] == "boolean":
        choices = [("true", "Yes"), ("false", "No")]
    if choices and known["type"] != "multipicklist":
        empty = "" if known["type"] == "boolean" else '<option value="">–'
        options = "".join(
            f'<option value="{escape(v)}"{" selected" if v == value else ""}>{escape(text)}</option>'
            for v, text in choices
        )
        control = f'<select name="{name}">{empty}{options}</select>'
    elif known["type"] == "textarea":
        control = f'<textarea name="{name}" rows=3>\n{escape(value)}</textarea>'
    else:
        kind = "date" if known["type"] == "date" else "text"
        control = f'<input name="{name}" type={kind} value="{escape(value)}">'
    return f"<label><span>{label}</span>{control}{hint}</label>"


def _messages(standin: Account) -> str:
    sender = standin.sender
    if not sender.url:
        return _events(standin.bus)
    items = "".join(
        f"<li class={'good' if d.acknowledged else 'bad'}><b>{'Acknowledged' if d.acknowledged else d.status}</b>"
        f" <time>{d.at:%H:%M:%S}</time> <span>{d.took_ms} ms</span>"
        f"<ul>{''.join(f'<li><code>{escape(r)}</code></li>' for r in d.records[:8])}</ul></li>"
        for d in list(sender.deliveries)[:30]
    )
    waiting = sender.waiting()
    head = f"<p class=none>{waiting} waiting</p>" if waiting else ""
    return f"{head}<ol class=sent>{items or '<li class=none>Nothing sent yet. Change an account.</li>'}</ol>"


def _events(bus: Bus) -> str:
    """Without messages: what was streamed, to whomever listens."""
    if not bus.lines:
        return "<p class=none>Nobody listens, and nothing is sent: the portal asks every few minutes instead.</p>"
    items = "".join(
        f"<li class=good><b>{escape(e.happening)}</b> <time>{e.at:%H:%M:%S}</time> <span>{escape(e.object_name)}</span>"
        f"<ul>{''.join(f'<li><code>{escape(i)}</code></li>' for i in e.record_ids[:8])}</ul></li>"
        for e in list(bus.stored)[:-31:-1]
    )
    return f"<ol class=sent>{items or '<li class=none>Nothing has changed yet. Change an account.</li>'}</ol>"


def _editable(standin: Account, name: str) -> dict[str, Mapping[str, Any]]:
    fields = standin.org.fields[name]
    return {f: i for f, i in fields.items() if i["updateable"] and i["type"] not in ("reference", "address")}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
