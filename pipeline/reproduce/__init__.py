"""Check that the committed results can be reproduced, and repair files that a failing disk has changed.

- `verify` runs the last commit in a temporary clone and compares what it produces with what is committed.
- `differences` describes how two versions of a file differ.
- `agreement` compares metrics on a machine where bytes may differ.
- `mend` deletes damaged files, so that `dvc repro` produces them again.
"""
