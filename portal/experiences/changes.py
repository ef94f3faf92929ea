"""What differs between two contents of an experience, in words."""


def between(old, new):
    """Sentences, in the order of the new content, what is gone at the end."""
    before, after = _by_key(old), _by_key(new)
    said = []
    for key, tab in after.items():
        name = f"Tab “{tab['title']}”"
        if key not in before:
            said.append(f"{name} is new.")
        else:
            said += [f"{name} {what}." for what in _fields(before[key], tab)]
            said += _sections(before[key], tab)
    if _order(before, after):
        said.append("The tabs are in another order.")
    return said + [f"Tab “{tab['title']}” is gone." for key, tab in before.items() if key not in after]


def _sections(old_tab, new_tab):
    before, after = _by_key(old_tab["sections"]), _by_key(new_tab["sections"])
    where, said = f"on “{new_tab['title']}”", []
    for key, section in after.items():
        if key not in before:
            said.append(f"{_name(section)} {where} is new.")
        else:
            said += [f"{_name(section)} {where} {what}." for what in _fields(before[key], section)]
    if _order(before, after):
        said.append(f"The sections {where} are in another order.")
    return said + [f"{_name(s)} {where} is gone." for key, s in before.items() if key not in after]


def _fields(old, new):
    if old["title"] != new["title"]:
        yield f"was “{old['title']}”" if old["title"] else "had no title"
    if old.get("body") != new.get("body"):
        yield "says something else"
    if old["audience"] != new["audience"]:
        yield "is for somebody else"


def _name(section):
    return f"“{section['title']}”" if section["title"] else "A section without a title"


def _by_key(items):
    return {item["key"]: item for item in items}


def _order(before, after):
    """Whether what both have stands in another order."""
    return [key for key in before if key in after] != [key for key in after if key in before]
