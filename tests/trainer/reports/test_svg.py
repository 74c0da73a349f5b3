import re
from xml.etree import ElementTree as ET

from matplotlib.figure import Figure

from trainer.reports.svg import INK, inline_svg, style


def drawn() -> Figure:
    with style():
        figure = Figure()
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], marker="o", label="line")
        axes.legend()
        return figure


def test_a_figure_becomes_one_element() -> None:
    root = ET.fromstring(inline_svg(drawn(), "a", "A line"))  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["aria-label"] == "A line"


def test_the_same_figure_is_the_same_bytes() -> None:
    assert inline_svg(drawn(), "a", "A line") == inline_svg(drawn(), "a", "A line")


def test_ink_is_the_pages_and_there_is_no_background() -> None:
    written = inline_svg(drawn(), "a", "A line")
    assert INK not in written
    assert "currentColor" in written
    assert not re.search(r"fill: (#ffffff|white)", written)


def test_references_lead_to_ids_of_the_same_picture() -> None:
    written = inline_svg(drawn(), "a", "A line")
    ids = set(re.findall(r'\bid="([^"]+)"', written))
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', written))
    references = {one or other for one, other in used}
    assert references
    assert references <= ids
    assert all(name.startswith("a-") for name in ids)
