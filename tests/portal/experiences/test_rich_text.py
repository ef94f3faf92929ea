import pytest

from portal.experiences.rich_text import render


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# One\n\n## Two", "<h3>One</h3>\n<h4>Two</h4>"),
        ("###### Six", "<h6>Six</h6>"),
        ("**a** *b* ~~c~~", "<p><strong>a</strong> <em>b</em> <s>c</s></p>"),
        ("3. x", '<ol start="3">\n<li>x</li>\n</ol>'),
        ("a & b < c", "<p>a &amp; b &lt; c</p>"),
        (
            "[us](https://example.com)",
            '<p><a href="https://example.com" rel="noopener nofollow">us</a></p>',
        ),
        (
            "[mail](mailto:a@example.com)",
            '<p><a href="mailto:a@example.com" rel="noopener nofollow">mail</a></p>',
        ),
    ],
)
def test_markdown_becomes_html(markdown, html):
    assert render(markdown).strip() == html


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](&#106;avascript:alert(1))",
        "![x](https://tracker.example/pixel.gif)",
        '<a href="https://x" onclick="alert(1)">x</a>',
        "<style>body{display:none}</style>",
        "<iframe src=https://x></iframe>",
        '[x](https://e.example "a\\" onmouseover=\\"alert(1)")',
    ],
)
def test_nothing_in_it_runs_or_loads(markdown):
    html = render(markdown)
    tags = {part.split(">")[0].split(" ")[0].strip("/") for part in html.split("<")[1:]}
    assert tags <= {"p", "a", "em", "strong"}
    for part in html.split("<")[1:]:
        inside = part.split(">")[0]
        assert "onerror" not in inside
        assert "onclick" not in inside
        assert 'onmouseover="' not in inside
        assert "javascript:" not in inside
        assert "data:" not in inside


def test_tables_are_kept():
    assert "<th>a</th>" in render("| a | b |\n|---|---|\n| 1 | 2 |")
