"""Figures of a classifier → one HTML file that a browser shows without a network."""
