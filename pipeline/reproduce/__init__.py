"""Check that the committed results can be reproduced.

- `verify` runs the last commit in a temporary clone and compares what it produces with what is committed.
- `agreement` compares metrics, on a machine where bytes may differ too.
"""
