"""What the report and the model cards say of the evaluated project."""

import re

import pytest

from tests.support.project import ALL_MODELS, DATASETS, DIVERGED, LEAKING, ODD_LABEL, UNSTABLE

USE, SEEDS, SAMPLES = "Which model to use", "Results by seed, and what the metrics mean", "Generated text"
PUBLISHED, MEMORISATION, LOSS = "Comparison with published figures", "Memorisation", "Loss by epoch"
WARNING = f"{LEAKING} leaks its target.* it cannot be used as a language model"
SAID = [
    # Each data set
    ("words", "Results", "baseline: Predicts each letter "),
    ("words", MEMORISATION, "^bound: The distribution "),
    ("sales", "Results", "^baseline: .* it is the best on validation rows"),
    ("words", SEEDS, "loss \\(nats\\): cross-entropy.*; lower is better"),
    ("words", USE, "words-lstm is the only model, with"),
    ("text", USE, "text-lstm is the only model that can be compared, with"),
    ("names", USE, "names-rnn is the best model, chosen on validation rows, with accuracy 0.*; baseline 1.00, bound 1"),
    ("lyrics", USE, "The baseline, n-grams .* is significantly better than the model here"),
    ("names", "Results", "^Figures with 95 % intervals on 12 held-out texts; models ranked by accuracy on validation"),
    ("names", "Significance of differences", "The baseline is significantly better than .*names-lstm"),
    ("words", MEMORISATION, "Nothing is ranked or compared by it.\n(.*\n)*Figures on all 24 words"),
    ("overfit", MEMORISATION, "baseline: Linear regression"),
    ("vowels", LOSS, "The training loss of vowels-lstm is over all steps"),
    ("sales", "Data", "4 days without a row .* \\| left out"),
    ("words", "Data", "No issues were found"),
    # Published figures, and the known issues of their write-ups
    (
        "words",
        PUBLISHED,
        "words-lstm \\| mean loss, epoch 1 \\| 1.45 \\| \\d\\.\\d+ \\| .* \\| reproduced \\(within 0.5\\)",
    ),
    ("words", PUBLISHED, "epoch 900 \\| 0.26 \\| – \\| – \\| not reproduced \\(within 0.05\\); 2 epochs"),
    ("words", PUBLISHED, "Dropout was on. \\| It is off."),
    ("overfit", PUBLISHED, "squared error \\| 0.1 \\| – \\| – \\| not comparable: the sequence"),
    ("sales", PUBLISHED, "sales-lstm \\| forecast \\| plots only \\| – \\| – \\| not comparable: figures"),
    ("sales", PUBLISHED, "sales-lost \\| .* \\| – \\| diverged \\| – \\| reproduced \\(diverges\\)"),
    ("lyrics", PUBLISHED, "epoch 2 \\| 1.02 \\| \\d.* \\| \\+.* \\| not reproduced .*; nothing else was tried"),
    ("lyrics", PUBLISHED, "far from that of memory \\| – \\| \\d.* \\| – \\| reproduced \\(at least 2\\)"),
    ("words-lstm", "Results", "Known issue of the write-up: Dropout was on"),
    (LEAKING, "Results", "Known issue of the write-up: The network reads the answer"),
    # A model that leaks its target
    ("text", "Excluded from comparison", WARNING),
    ("text", SAMPLES, f"{LEAKING} \\(leaks its target\\) \\|"),
    ("text", LOSS, f"The curves of {LEAKING} do not measure skill"),
    ("text", PUBLISHED, "The network reads the answer"),
    (LEAKING, "Limitations", f"^{WARNING}"),
    (LEAKING, "Results", "^Training perplexity \\d.* does not measure skill"),
    (LEAKING, "Intended use", "for nothing else"),
    # Seeds that diverged, or did not learn
    (
        "sums",
        "Results",
        f"{UNSTABLE}, seed 1: diverged at epoch 2 .*; the ensemble is of the networks whose fit finished",
    ),
    ("sums", SEEDS, f"{UNSTABLE} \\| – \\| \\d\\S+ \\| \\d\\S* \\| \\d\\S* ± \\d"),
    (
        "sums",
        "Results",
        f"{UNSTABLE}, seed 2: did not learn: loss .*, where a constant .*; it is part of the ensemble all the same",
    ),
    ("sums", USE, "^Warning: sums-lstm did not learn from 1 of 2 seeds"),
    (UNSTABLE, "Training", "^0 of 3 seeds finished; 1 diverged; 2 did not learn"),
    (UNSTABLE, "Training", "3 \\| did not learn: loss \\d.* \\(fit train\\) \\| 2 \\| \\d"),
    (UNSTABLE, "Limitations", "It did not learn from 2 of its 3 seeds"),
    (UNSTABLE, "Training", "1 \\| diverged at epoch 2 \\(fit train\\) \\| 2 \\| –"),
    (UNSTABLE, "Limitations", "Training diverged for 1 of its 3 seeds"),
    (UNSTABLE, "Results", "^The figures are those of the ensemble of 2 of 3 seeds"),
    (UNSTABLE, "Usage", "seeds 2 and 3 .* `seed=2` loads"),
    ("sales", "Results", f"{DIVERGED}, seed 1: .*; no seed finished.\n{DIVERGED}, seed 2: .*; no seed finished"),
    ("sales", "Results", f"{DIVERGED} \\| – \\| – \\| – \\| – \\| \\d"),
    ("sales", "Forecast", "\\d \\| –$"),
    (DIVERGED, "Usage", "^It cannot be loaded"),
    (DIVERGED, "Results", "There are no results, as every seed diverged"),
    # One seed, and no rows held out
    ("overfit-lstm", "Results", "^The figures are those of one network, of 1 seed"),
    ("overfit-lstm", "Usage", "^Predictions come from the network of seed 7"),
    ("overfit-lstm", "Limitations", "performance on new rows is unknown"),
    # Each model
    ("words-lstm", "Training", "^2 of 2 seeds finished both fits"),
    ("words-lstm", "Usage", 'fit="all_rows"'),
    ("words-lstm", "Data", "source \\| \\[made up\\]\\(https://example.org\\).\nlicence \\| CC0"),
    ("words-lstm", "Data", "words \\| train 14, validation 5, test 5"),
    ("sums-lstm", "Data", "licence \\| data/README.md does not say"),
    ("words-lstm", "Limitations", "\\[Data issue\\]\\(../../data/README.md#words\\): none of them"),
    (
        "lyrics-lstm",
        "Limitations",
        "A method without a network has a better figure .*\\(baseline\\), compared with \\d",
    ),
    ("names-lstm", "Limitations", "Lowest recall on test rows: 000 \\(0 %\\)"),
    ("vowels-lstm", "Limitations", "Recall on test rows: vowel \\d+ % and consonant \\d+ %"),
]
NOT_SAID = [
    *(("text", heading, LEAKING) for heading in (USE, "Results", SEEDS)),
    (LEAKING, "Limitations", "without a network"),
    ("words", "Results", "the best on validation rows"),  # which has one baseline alone
    ("overfit", MEMORISATION, "the best on validation rows"),  # which has no such rows
    (LEAKING, "Results", "Rank|On test rows|seed 1"),
    ("text-lstm", "Results", "Known issue"),
    ("names-lstm", "Limitations", f"recall.*{re.escape(ODD_LABEL)}"),  # which has a higher one than the other three
    ("names", LOSS, "over all steps"),
    *(("overfit", heading, "interval") for heading in (MEMORISATION, SEEDS, "Predictions for single inputs")),
]


@pytest.mark.parametrize(("place", "heading", "fact"), SAID)
def test_it_is_said(texts, place, heading, fact):
    assert re.search(fact, texts[place][heading], flags=re.MULTILINE)


@pytest.mark.parametrize(("place", "heading", "fact"), NOT_SAID)
def test_it_is_not_said(texts, place, heading, fact):
    assert not re.search(fact, texts[place][heading])


def test_data_sets_are_in_the_order_of_params_and_their_parts_follow_each_other(view, texts):
    assert [each.name for each in view.sections] == list(DATASETS)
    assert list(texts["sales"]) == [
        *(USE, "Results", "Significance of differences", PUBLISHED, LOSS, "The series", "Forecast", SEEDS, "Data")
    ]
    assert {"Word by word", SAMPLES} < texts["words"].keys()
    assert not {USE, "Results"} & texts["overfit"].keys()
    assert MEMORISATION not in texts["sales"]


def test_every_model_has_a_model_card_with_all_parts(view, texts):
    assert set(view.model_cards) == set(ALL_MODELS)
    wanted = ["Intended use", "Limitations", "Results", "Usage", "Data", "Training"]
    assert all(list(texts[model]) == wanted for model in view.model_cards)
    assert view.model_cards[DIVERGED].parts[3].code == ()


def test_the_overview_names_data_sets_without_held_out_rows(view):
    assert any(point.startswith("No rows of overfit are held out") for point in view.overview.points)
    assert "chosen on validation rows and evaluated on test rows" in view.opening
