"""Ratios measured in one run, and what was found: RESULTS.md."""
