"""The same rules by others, in the same run: everybody by a hundred rules, and one contact by all of them.

They come with `uv sync --group peers`; who is not installed is left out. All have the documents in memory, in the
shape that they read best, and their rules prepared as far as they can be; each has to say what ours says.
"""

import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec

from django.db import connection

from segments.benchmarks import translated
from segments.benchmarks.crowd import Crowd
from segments.engine import backfill, definitions, states
from segments.engine.backfill import moment_of_workspace
from segments.rules.compile_python import CompiledRules
from segments.rules.fields import Fields
from segments.rules.moments import Moment
from segments.rules.tree import Node, new_tree
from workspaces.measuring import Figure
from workspaces.models import Contact
from workspaces.tenancy import workspace_transaction

RULES = 200
PEOPLE = 2000  # whom all are asked about, as far as they are quick enough
SECONDS = 3.0  # a peer that needs longer is asked about fewer people
# By how much we are ahead at least, of everybody and of one contact: design figures of another machine, rounded down.
AHEAD = {"flagsmith-flag-engine": 50, "json-logic": 80, "zen-engine": 3, "Django querysets": 2}
# The same of everybody, against one pass of ours that reads them from the database.
AHEAD_OF_ALL = {"flagsmith-flag-engine": 26, "json-logic": 54, "zen-engine": 1.7, "Django querysets": 2.6}
EVERYBODY = 10_000  # of whom are read, as far as there are so many
STATEMENTS = 20

type Documents = list[tuple[dict, dict]]
type Answer = set[int]  # the places of the rules that hold


def figures(crowd: Crowd) -> Iterator[Figure]:
    with workspace_transaction(crowd.workspace, snapshot=True):
        roots = [_rule(random.Random(seed), crowd) for seed in range(RULES)]  # noqa: S311
        fields, moment = definitions.fields_of("contact"), moment_of_workspace()
        trees = {place: new_tree("contact", root) for place, root in enumerate(roots)}
        rules = CompiledRules(trees, fields, moment.zone)
        several = list(Contact.objects.select_related("partner").order_by("chunk", "pk")[:PEOPLE])
        documents = [(contact.norm, contact.partner.norm) for contact in several]
        asked = {
            name: make(roots) for name, make in PEERS.items() if name == DJANGO or find_spec(MODULES[name])
        }
        theirs: dict[str, float] = {}
        yield from _compare(rules, moment, several, documents, asked, theirs)
        mine = _everybody(crowd, rules, moment)
        yield from _ahead_of_all(crowd, mine, theirs)
        yield from _by_statements(crowd, trees, fields, moment, roots, mine)
    for missing in PEERS.keys() - asked.keys():
        yield Figure(f"{missing} is not installed", 0, "", note="uv sync --group peers")


def _compare(
    rules: CompiledRules, moment: Moment, several: list, documents: Documents, asked, took: dict[str, float]
) -> Iterator[Figure]:
    ours = partial(_ours, rules, moment)
    expected = [ours(contact, *both) for contact, both in zip(several, documents, strict=True)]
    mine = min(_each(ours, several, documents)[0] for _ in range(3))
    yield Figure(f"ours: a contact by {RULES} rules", mine * 1e6, "us")
    for name, peer in asked.items():
        theirs, answers = _each(peer, several, documents)
        took[name] = theirs
        wrong = sum(answer != right for answer, right in zip(answers, expected, strict=False))
        note = f"{theirs * 1e6:,.0f} us; {'the same answers' if not wrong else f'{wrong} OTHER ANSWERS'}"
        yield Figure(f"ahead of {name}", theirs / mine, "x", AHEAD[name], at_most=False, note=note)


def _everybody(crowd: Crowd, rules: CompiledRules, moment: Moment) -> float:
    """Seconds for each contact by all rules, as a worker does it: read from the database, each once."""
    chunks = range(max(1, min(128, 128 * EVERYBODY // crowd.size)))
    rules.evaluate({}, {}, moment)
    started, count = time.thread_time(), 0
    for subject in states.in_chunks("contact", chunks, rules):
        rules.evaluate(*subject.documents(rules, moment.at), moment)
        count += 1
    return (time.thread_time() - started) / count


def _ahead_of_all(crowd: Crowd, mine: float, theirs: dict[str, float]) -> Iterator[Figure]:
    """The others are given everybody; ours reads them first."""
    yield Figure(f"ours: everybody by {RULES} rules, read too", mine * crowd.size, "s")
    for name, seconds in theirs.items():
        if name != DJANGO:
            note, bar = f"{seconds * crowd.size:,.1f} s", AHEAD_OF_ALL[name]
            yield Figure(f"everybody, ahead of {name}", seconds / mine, "x", bar, at_most=False, note=note)


def _by_statements(
    crowd: Crowd, trees: dict, fields: Fields, moment: Moment, roots: list[Node], mine: float
) -> Iterator[Figure]:
    """By querysets, one for each rule: some of them, for all."""
    took, wrong = 0.0, 0
    for place in range(STATEMENTS):
        started = time.perf_counter()
        said = set(Contact.objects.filter(translated.queryset(roots[place])).values_list("pk", flat=True))
        took += time.perf_counter() - started
        query, params = backfill.matching("contact", trees[place], fields, moment)
        with connection.cursor() as cursor:
            cursor.execute(query, params)
            wrong += said != {row[0] for row in cursor.fetchall()}
    theirs = took / STATEMENTS * RULES / crowd.size
    note = f"{theirs * crowd.size:,.1f} s; {'the same answers' if not wrong else f'{wrong} OTHER ANSWERS'}"
    yield Figure(
        f"everybody, ahead of {DJANGO}", theirs / mine, "x", AHEAD_OF_ALL[DJANGO], at_most=False, note=note
    )


def _each(decide: Callable[..., Answer], several: list, documents: Documents) -> tuple[float, list[Answer]]:
    """Seconds of CPU of this process for each contact, and the answers."""
    answers = []
    started = time.thread_time()
    for contact, (own, partner) in zip(several, documents, strict=True):
        answers.append(decide(contact, own, partner))
        if time.thread_time() - started > SECONDS:
            break
    return (time.thread_time() - started) / len(answers), answers


def _ours(rules: CompiledRules, moment: Moment, contact: Contact, own: dict, partner: dict) -> Answer:
    return rules.evaluate(own, partner, moment)


def _flat(own: dict, partner: dict) -> dict:
    return {f"c{key}": value for key, value in own.items()} | {
        f"p{key}": value for key, value in partner.items()
    }


def _flagsmith(roots: list[Node]) -> Callable[..., Answer]:
    from flag_engine.segments.evaluator import is_context_in_segment  # an optional dependency

    segments = [
        {"key": str(n), "name": str(n), "rules": [translated.flagsmith(root)]} for n, root in enumerate(roots)
    ]

    def decide(contact, own, partner):
        traits = {key: value for key, value in _flat(own, partner).items() if not isinstance(value, list)}
        identity = {"identifier": "x", "key": "x", "traits": traits}
        context = {"environment": {"key": "e", "name": "e"}, "identity": identity}
        return {n for n, segment in enumerate(segments) if is_context_in_segment(context, segment)}  # type: ignore[arg-type]

    return decide


def _json_logic(roots: list[Node]) -> Callable[..., Answer]:
    from json_logic import jsonLogic  # an optional dependency

    rules = [translated.json_logic(root) for root in roots]

    def decide(contact, own, partner):
        data = _flat(own, partner)
        return {n for n, rule in enumerate(rules) if jsonLogic(rule, data)}

    return decide


def _zen(roots: list[Node]) -> Callable[..., Answer]:
    """All rules as one array, which is what it is quickest at."""
    from zen import compile_expression  # an optional dependency

    compiled = compile_expression("[" + ", ".join(translated.zen(root) for root in roots) + "]")
    asked = {translated.name(leaf) for root in roots for leaf in _leaves(root)}

    def decide(contact, own, partner):
        data = dict.fromkeys(asked) | _flat(own, partner)
        return {n for n, holds in enumerate(compiled.evaluate(data)) if holds}

    return decide


def _querysets(roots: list[Node]) -> Callable[..., Answer]:
    """One question a rule, as code without an engine asks it."""
    conditions = [translated.queryset(root) for root in roots]

    def decide(contact, own, partner):
        one = Contact.objects.filter(pk=contact.pk)
        return {n for n, condition in enumerate(conditions) if one.filter(condition).exists()}

    return decide


DJANGO = "Django querysets"
MODULES = {"flagsmith-flag-engine": "flag_engine", "json-logic": "json_logic", "zen-engine": "zen"}
PEERS = {
    "flagsmith-flag-engine": _flagsmith,
    "json-logic": _json_logic,
    "zen-engine": _zen,
    DJANGO: _querysets,
}


def _rule(r: random.Random, crowd: Crowd) -> Node:
    """What all of them can say: options, numbers, yes or no, and pieces of text, in groups."""
    leaves = [_leaf(r, crowd) for _ in range(r.randint(2, 6))]
    if len(leaves) > 3:
        leaves = [{"op": "any", "items": leaves[:2]}, {"op": "any", "items": leaves[2:]}]
    return {"op": r.choice(["all", "all", "any"]), "items": leaves}


def _leaf(r: random.Random, crowd: Crowd) -> Node:
    level, key, op = r.choice(
        [("contact", f"choice_{r.randrange(9)}", "is_any_of")] * 3
        + [("partner", f"choice_{r.randrange(4)}", "is_any_of"), ("partner", "tier", "is_any_of")]
        + [("contact", f"number_{r.choice([0, 1, 3, 4])}", r.choice(["gte", "lte", "gt"]))] * 2
        + [
            ("contact", f"flag_{r.randrange(4)}", r.choice(["is_true", "is_false"])),
            ("contact", "text_1", "contains"),
        ]
    )
    prop = crowd.property(level, key)
    leaf: Node = {"p": prop.number, "of": "partner" if level == "partner" else "self", "op": op}
    if op == "is_any_of":
        options = [option["value"] for option in prop.options]
        leaf["v"] = sorted(r.sample(options, min(3, len(options) - 1)))
    elif op == "contains":
        leaf["v"] = r.choice(["sales", "cloud", "data", "lead"])
    elif prop.type == "number":
        leaf["v"] = r.choice([2, 5, 10, 40, 80])
    return leaf


def _leaves(node: Node) -> Iterator[Node]:
    if "items" not in node:
        yield node
    for item in node.get("items", ()):
        yield from _leaves(item)
