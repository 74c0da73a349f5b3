"""The workstation's half: labelled faces in, a float Keras model and its report out."""
