"""How landed files become records, and records events: landing, decoding, mappings."""
