from portal.experiences import changes
from tests.portal.experiences.conftest import tab, text


def changed(item, **fields):
    return {**item, **fields}


def test_nothing_changed():
    home = tab("Home", text("Hello"))
    assert changes.between([home], [home]) == []


def test_what_is_new_and_what_is_gone():
    home, old, new = tab("Home"), tab("Old"), tab("New")
    assert changes.between([home, old], [home, new]) == ["Tab “New” is new.", "Tab “Old” is gone."]


def test_what_became_of_one_tab():
    home = tab("Home")
    renamed = changed(home, title="Start", audience={**home["audience"], "mode": "nobody"})
    assert changes.between([home], [renamed]) == [
        "Tab “Start” was “Home”.",
        "Tab “Start” is for somebody else.",
    ]


def test_another_order_is_one_change():
    a, b, c = tab("A"), tab("B"), tab("C")
    assert changes.between([a, b, c], [c, a, b]) == ["The tabs are in another order."]


def test_a_new_tab_between_others_is_no_other_order():
    a, b, new = tab("A"), tab("B"), tab("New")
    assert changes.between([a, b], [a, new, b]) == ["Tab “New” is new."]


def test_sections_name_their_tab():
    one, two = text("a", title="Welcome"), text("b")
    home = tab("Home", one, two)
    after = changed(home, sections=[changed(two, title="Named"), changed(one, body="c"), text("d")])
    assert changes.between([home], [after]) == [
        "“Named” on “Home” had no title.",
        "“Welcome” on “Home” says something else.",
        "A section without a title on “Home” is new.",
        "The sections on “Home” are in another order.",
    ]
