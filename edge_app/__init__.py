"""The device: camera frames in, emotion events out."""
