"""The emotions by name, in FER2013's order. A model's card says which of them it answers with."""

ANGRY = "angry"
DISGUST = "disgust"
FEAR = "fear"
HAPPY = "happy"
SAD = "sad"
SURPRISE = "surprise"
NEUTRAL = "neutral"
CONTEMPT = "contempt"

#: FER2013's seven classes; index = label (Goodfellow et al. 2013).
FER2013: tuple[str, ...] = (ANGRY, DISGUST, FEAR, HAPPY, SAD, SURPRISE, NEUTRAL)

#: FER+'s eight classes (Barsoum et al. 2016), in the order of `FER2013` with contempt behind.
FERPLUS: tuple[str, ...] = (*FER2013, CONTEMPT)

#: The answer when no emotion is likely enough. Never an output of a network.
UNSURE = "unsure"
