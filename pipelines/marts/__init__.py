"""The tables people read: money by channel and campaign, paths, reconciliation."""
