"""What every table promises. Imports nothing of ours."""
