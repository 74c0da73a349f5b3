"""Debian packages, made on a workstation of any architecture."""
