"""Photos and videos → annotated copies and a table of their faces."""
