"""An emotion → its colour, the same in annotated pictures and in charts.

Told apart by people who see colours differently (after Okabe and Ito 2008), and light enough for
black writing. Some are near white: what is drawn on white needs an outline.
"""

from __future__ import annotations

#: In the order of a chart's stacks; `unsure` is what `edge_app.perception.labels` calls it.
COLOURS = {
    "happy": "#F0E442",
    "surprise": "#56B4E9",
    "neutral": "#ADADAD",
    "sad": "#1F83C4",
    "fear": "#CC79A7",
    "disgust": "#009E73",
    "angry": "#D55E00",
    "contempt": "#E69F00",
    "unsure": "#E6E6E6",
}
#: Of an emotion that only somebody's own model names.
OTHER = "#C8C8C8"
