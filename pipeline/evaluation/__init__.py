"""Evaluate trained models beside baselines and bounds: metrics, significance tests, tables and figures.

`run.evaluate` does all of it for one data set. Its parts, in the order in which they are used:

    jobs          evaluate one model, baseline or bound on each split, in a worker
    tasks         what each task has of all that follows: metrics, baselines, bound, tables, figures
    metrics       what each metric is, and the functions that compute them
    baselines     methods without a network, trained on the same rows
    bounds        the best that any model could do, where that can be computed
    results       what an evaluation returns, and what is read of it
    summary       the metrics in numbers, with intervals, the spread over seeds, and comparisons
    bootstrap     resamples of the test items, for intervals and differences
    significance  tests of the differences between models
    selection     which model is best
    tables        predictions and samples as CSV
    figures       the plots to make of the tables; `plots` and `series_plots` make them on a `canvas`
    about         what the results are, in words, for whoever reads them
    stored        the results, read again
"""
