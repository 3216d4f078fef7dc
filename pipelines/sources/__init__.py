"""What one does before anything is loaded: list mappings, try one on a file, propose one."""
