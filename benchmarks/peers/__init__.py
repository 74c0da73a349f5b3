"""What users would pick instead of Mien, on the same frames; in an environment of its own."""
