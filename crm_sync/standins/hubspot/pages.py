"""The page where a person plays the vendor's CRM user: find a company, change it, watch the webhooks."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, quote

from crm_sync.standins.hubspot import oauth
from crm_sync.standins.hubspot.checks import Refused
from crm_sync.standins.hubspot.records import TYPES, Portal, Record, title_of
from crm_sync.standins.hubspot.webhooks import Sender
from crm_sync.standins.hubspot.wire import Call
from crm_sync.standins.shell import Page, Shell, see_other

LABELS = {"companies": "Companies", "contacts": "Contacts", "deals": "Deals", "leads": "Leads"}
BELONGS_TO = {
    "contacts": ["companies"],
    "deals": ["companies", "contacts"],
    "leads": ["companies", "contacts"],
}
COLUMNS = {
    "companies": ["name", "partner_tier", "partner_phase", "website"],
    "contacts": ["email", "firstname", "lastname", "partner_role"],
    "deals": ["dealname", "dealstage", "amount", "closedate"],
    "leads": ["hs_lead_name", "hs_pipeline_stage"],
}
SHELL = Shell(
    name="Stand-in HubSpot",
    note="The CRM of the demo, on this machine. No data leaves it.",
    sections=LABELS,
    feed="webhooks",
    feed_title="Webhooks",
    colours=Path(__file__).with_name("colours.css"),
)


class Account(Protocol):
    """The part of the stand-in that the pages show."""

    portal: Portal
    sender: Sender
    oauth: oauth.OAuth


def respond(standin: Account, call: Call) -> Page:
    match [call.method, *call.path.strip("/").split("/")]:
        case ["GET", ""]:
            return see_other("/companies")
        case ["GET", "page.css"]:
            return SHELL.style()
        case ["GET", "webhooks"]:
            return SHELL.html(_webhooks(standin), frame=True)
        case ["GET", "oauth", "authorize"]:
            return SHELL.html(oauth.consent_page(standin.portal, call, standin.oauth))
        case ["POST", "oauth", "authorize"]:
            return see_other(oauth.decided(standin.oauth, call))
        case ["GET", "contacts", _, "record", type_id, object_id] if type_id in TYPES:
            return see_other(f"/{TYPES[type_id]}/{quote(object_id)}")  # as HubSpot's own pages are called
        case ["GET", kind] if kind in LABELS:
            words = (call.query.get("q") or [""])[0]
            return SHELL.html(_list(standin, kind, words), kind)
        case ["GET", kind, object_id] if kind in LABELS and standin.portal.find(kind, object_id):
            saved = "saved" in call.query
            return SHELL.html(_form(standin, kind, object_id, {}, saved=saved), kind)
        case ["POST", kind, object_id] if kind in LABELS and standin.portal.find(kind, object_id):
            return _save(standin, kind, object_id, call)
    return SHELL.html("<h1>Nothing here</h1>", status=404)


def _save(standin: Account, kind: str, object_id: str, call: Call) -> Page:
    # Another site's page could post here too; a browser says where a form comes from.
    if call.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return SHELL.html("<h1>Refused</h1>", status=403)
    form = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    names = _editable(standin, kind)
    values = {
        name: ";".join(filter(None, form[name])).replace("\r\n", "\n") for name in names if name in form
    }
    try:
        standin.portal.change(kind, object_id, values, by_app=False)
    except Refused as refused:
        errors = {problem.name: problem.message for problem in refused.problems}
        return SHELL.html(_form(standin, kind, object_id, errors, values), kind, status=400)
    return see_other(f"/{kind}/{quote(object_id)}?saved")


def _list(standin: Account, kind: str, words: str) -> str:
    known = standin.portal.properties[kind]
    columns = [name for name in COLUMNS[kind] if name in known]
    found = standin.portal.search(kind, words)
    heads = "".join(f"<th scope=col>{escape(known[name]['label'])}</th>" for name in columns)
    rows = "".join(_row(standin, kind, record, columns) for record in found[:200])
    rows = rows or f"<tr><td colspan={len(columns) + 1} class=none>Nothing found.</td></tr>"
    count = f"{len(found)} of {len(standin.portal.living(kind))}"
    return (
        f"<header class=head><h1>{LABELS[kind]}</h1><p>{count}</p>"
        f"<form class=search role=search><label><span class=hidden>Search</span>"
        f'<input name=q type=search value="{escape(words)}" placeholder="Name, tier, city…"></label>'
        f"<button>Search</button></form></header>"
        f"<div class=scroll><table><thead><tr>{heads}<th scope=col>Record ID</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(standin: Account, kind: str, record: Record, columns: list[str]) -> str:
    title = escape(_shown(standin, kind, record, columns[0]) or record.id)
    link = f'<a href="/{kind}/{quote(record.id)}">{title}</a>'
    cells = "".join(f"<td>{escape(_shown(standin, kind, record, name))}</td>" for name in columns[1:])
    return f"<tr><th scope=row>{link}</th>{cells}<td class=number>{escape(record.id)}</td></tr>"


def _form(
    standin: Account,
    kind: str,
    object_id: str,
    errors: Mapping[str, str],
    typed: Mapping[str, str] | None = None,
    *,
    saved: bool = False,
) -> str:
    record = standin.portal.records[kind][object_id]
    values = record.properties | dict(typed or {})
    known = standin.portal.properties[kind]
    names = _editable(standin, kind)
    listed = {n: standin.portal.options_of(kind, n) for n in names}
    fields = "".join(_field(known[n], values.get(n, ""), errors.get(n, ""), listed[n]) for n in names)
    note = "<p class=saved role=status>Saved. The portal is told about what changed.</p>" if saved else ""
    title = title_of(record) or object_id
    return (
        f'<header class=head><p class=back><a href="/{kind}">{LABELS[kind]}</a></p><h1>{escape(title)}</h1>'
        f"<p>Record {escape(object_id)}, changed {escape(record.updated_at)}</p>"
        f"{_ends(standin, kind, object_id)}</header>{note}"
        f"<form method=post class=fields>{fields}<p class=actions><button class=main>Save</button></p></form>"
    )


def _ends(standin: Account, kind: str, object_id: str) -> str:
    """Whom the record belongs to."""
    links = []
    for other in BELONGS_TO.get(kind, []):
        ends = standin.portal.associations.get((kind, other), {}).get(object_id, {})
        for end, primary in ends.items():
            record = standin.portal.find(other, end)
            named = standin.portal.labels.get((kind, object_id, end), ["Primary"] if primary else [])
            words = f" ({escape(', '.join(named))})" if named and other == "companies" else ""
            if record:
                link = f'<a href="/{other}/{quote(end)}">{escape(title_of(record) or end)}</a>'
                links.append(link + words)
    return f"<p>Belongs to {', '.join(links)}</p>" if links else ""


def _field(known: Mapping[str, Any], value: str, error: str, listed: Sequence[tuple[str, str]]) -> str:
    name, label = escape(known["name"]), escape(known["label"])
    hint = f"<small class=error>{escape(error)}</small>" if error else f"<small>{name}</small>"
    if known["fieldType"] == "checkbox":
        chosen = value.split(";")
        boxes = "".join(
            f'<label class=box><input type=checkbox name="{name}" value="{escape(option)}"'
            f"{' checked' if option in chosen else ''}> {escape(text)}</label>"
            for option, text in listed
        )
        emptied = f'<input type=hidden name="{name}" value="">'  # so that no tick at all is sent as well
        return f"<fieldset><legend>{label}</legend>{emptied}{boxes}{hint}</fieldset>"
    if listed:
        options = "".join(
            f'<option value="{escape(option)}"{" selected" if option == value else ""}>{escape(text)}</option>'
            for option, text in listed
        )
        control = f'<select name="{name}"><option value="">–{options}</select>'
    elif known["fieldType"] == "textarea":
        control = f'<textarea name="{name}" rows=3>\n{escape(value)}</textarea>'
    else:
        type_ = "date" if known["type"] == "date" else "text"
        control = f'<input name="{name}" type={type_} value="{escape(value)}">'
    return f"<label><span>{label}</span>{control}{hint}</label>"


def _webhooks(standin: Account) -> str:
    sender = standin.sender
    if not sender.url:
        return "<p class=none>No webhooks: start with --portal-url.</p>"
    items = "".join(
        f"<li class={'good' if 200 <= d.status < 300 else 'bad'}>"
        f"<b>{d.status or 'No answer'}</b> <time>{d.at:%H:%M:%S}</time> <span>{d.took_ms} ms</span>"
        f"<ul>{''.join(_event(e) for e in d.events[:8])}</ul>"
        f"{f'<p>and {len(d.events) - 8} more</p>' if len(d.events) > 8 else ''}</li>"
        for d in list(sender.deliveries)[:30]
    )
    waiting = sender.waiting()
    head = f"<p class=none>{waiting} waiting</p>" if waiting else ""
    return f"{head}<ol class=sent>{items or '<li class=none>Nothing sent yet. Change a company.</li>'}</ol>"


def _event(event: Mapping[str, Any]) -> str:
    if "propertyName" not in event:
        return f"<li>{escape(event['subscriptionType'])} {event.get('objectId', '')}</li>"
    again = f" <em>attempt {event['attemptNumber'] + 1}</em>" if event["attemptNumber"] else ""
    value = escape(event["propertyValue"]) or "<i>empty</i>"
    return f"<li><code>{escape(event['propertyName'])}</code> {value}{again}</li>"


def _editable(standin: Account, kind: str) -> list[str]:
    known = standin.portal.properties[kind].values()
    return [item["name"] for item in known if not item["modificationMetadata"]["readOnlyValue"]]


def _shown(standin: Account, kind: str, record: Record, name: str) -> str:
    value = record.properties.get(name, "")
    labels = dict(standin.portal.options_of(kind, name))
    return ", ".join(labels.get(part, part) for part in value.split(";")) if labels else value
