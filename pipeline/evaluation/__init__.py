"""Evaluate trained models beside baselines and bounds: metrics, significance tests, tables and figures.

`run.evaluate` does all of it for one data set. Its parts, in the order in which they are used:

    jobs          evaluate one network, baseline or bound on each split, in a worker
    tasks         what each task has of all that follows, and the baselines and the bound of its formats
    descriptions  the words for these, and the primary metrics, for the report too
    metrics       metrics of predictions
    baselines     methods without a network, trained on the same rows
    bounds        the best that any model could do, where that can be computed
    results       what an evaluation returns, and what is read of it
    ensemble      the mean of a model's seeds
    significance  intervals over seeds, and tests of the differences between models
    tables        predictions and samples as CSV
    figures       the plots to make of the tables; `plots` makes them, `png` writes them
"""
