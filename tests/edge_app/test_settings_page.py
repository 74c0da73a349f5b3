from pathlib import Path

from edge_app.settings_page import page

ROOT = Path(__file__).parents[2]


def test_the_page_in_docs_is_what_the_settings_say() -> None:
    assert (ROOT / "docs/settings.md").read_text() == page(), "run make docs"
