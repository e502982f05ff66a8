"""Project folders: params.yaml, dvc.yaml and data, apart from the code, which is installed."""
