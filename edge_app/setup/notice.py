"""What everybody reads before Mien may look at people: PRIVACY.md in short."""

from __future__ import annotations

#: ASCII, at most 78 characters a line: any terminal can show it.
NOTICE = """\
Mien looks at people and names the expression that their faces show.

  What it sends  That a face came, what emotion it showed and how sure the
                 network is, where in the picture it was, and that it left,
                 to the broker that you name. Never a picture, never a name.
                 In the mode "aggregates": sums over at least five faces,
                 nothing about a single one.
  What it keeps  No pictures, and it recognizes nobody. Events that wait
                 for the broker, until it has them.
  What it means  What a face shows, as people who labelled photographs named
                 it: not what a person feels. It is wrong about one face in
                 three, and not equally for all people. Decide nothing about
                 anybody by it.
  What is law    In the European Union, reading emotions of people at work
                 or in education is forbidden outside of medicine and safety,
                 and elsewhere people must be told. You answer for the
                 purpose, for telling people, and for their consent where it
                 is needed.

PRIVACY.md, in the package /usr/share/doc/mien/PRIVACY.md, says more.
"""

#: Purposes to choose from; anything else is written in one's own words.
PURPOSES = (
    "own home, with the consent of those who live there",
    "research, with the consent of those who are seen",
    "demonstration, people are told beforehand",
)
