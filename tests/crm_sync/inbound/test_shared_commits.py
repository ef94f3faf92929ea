"""What waits together is committed together, and nobody is told so before it is."""

import threading

import pytest

from crm_sync.inbound.shared_commits import SharedCommits


def test_what_arrives_during_a_commit_shares_the_next_one():
    groups, entered, release = [], threading.Event(), threading.Event()

    def store(items):
        groups.append(sorted(items))
        if items == [0]:
            entered.set()
            assert release.wait(5)

    commits = SharedCommits(store)
    threads = [threading.Thread(target=commits.add, args=(number,)) for number in range(5)]
    threads[0].start()
    assert entered.wait(5)
    for thread in threads[1:]:
        thread.start()
    while len(commits._waiting) < 4:
        pass
    release.set()
    for thread in threads:
        thread.join(5)

    assert groups == [[0], [1, 2, 3, 4]]


def test_a_failure_reaches_everyone_who_waited_for_it_and_nobody_else():
    def store(items):
        if "bad" in items:
            raise ValueError("refused")

    commits = SharedCommits(store)

    with pytest.raises(ValueError, match="refused"):
        commits.add("bad")
    commits.add("good")
