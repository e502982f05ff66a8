"""The commands, one in each file; most are stages of dvc.yaml: `python -m stages.NAME`."""
