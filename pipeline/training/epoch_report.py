"""What an epoch of a training shows: its losses, a row with the network's guess, and texts that the network writes."""

from dataclasses import dataclass

from pipeline.data.prepared import Prepared
from pipeline.data.prepared.vocabulary import Vocabulary
from pipeline.errors import DataError, ParamsError
from pipeline.models.network import SequenceModel
from pipeline.models.samples import TrainingSample
from pipeline.models.sampling import generate
from pipeline.models.storage import Epoch
from pipeline.params.models import ModelParams, SamplesParams
from pipeline.params.wording import format_text, format_value
from pipeline.tasks import Task
from pipeline.tasks.batching import Batch
from pipeline.tasks.examples import Rows

MAX_SHOWN = 40  # symbols of a row


@dataclass(frozen=True)
class EpochReport:
    """An epoch, and what the network answered after it: its guess for a row, and the texts that it wrote."""

    epoch: Epoch
    guess: str = ""  # such as `Shula / Japanese ✗ (Czech)`, for labelled texts alone
    samples: tuple[TrainingSample, ...] = ()


def describe_guess(task: Task, model: SequenceModel, batch: Batch, params: ModelParams, prepared: Prepared) -> str:
    """Return the text of a batch's last row, the class that the network gives it, and whether that is right.

    It costs one row to read, in an epoch, and no random numbers of the training. Returns nothing for other data.
    """
    if prepared.vocabulary is None or not prepared.classes:
        return ""
    length = batch.inputs.shape[1] if batch.lengths is None else int(batch.lengths[-1])
    row = Rows(batch.inputs[-1:, :length], batch.targets[-1:])
    found = task.predict(model, row, params)
    guess, truth = (prepared.classes[int(of[0])] for of in (found["probabilities"].argmax(1), found["truth"]))
    text = format_text(prepared.vocabulary.decode(row.inputs[0].tolist())[:MAX_SHOWN])
    return f"{text} / {format_text(guess)} " + ("✓" if guess == truth else f"✗ ({format_text(truth)})")


def check_prefixes(params: ModelParams, prepared: Prepared, name: str) -> None:
    """Refuse prefixes with symbols that the network does not know.

    Raises:
        ParamsError: if there is one.
    """
    if params.samples is None or prepared.vocabulary is None:
        return
    for prefix in params.samples.prefixes:
        if outside := [symbol for symbol in prefix if not _is_known(prepared.vocabulary, symbol)]:
            where = f"params.yaml: models.{name}.samples.prefixes"
            found = f"found {format_value(outside[0])} in {format_value(prefix)}"
            raise ParamsError(f"{where}: {found}, which no training row of {params.dataset} has; leave it out")


def _is_known(vocabulary: Vocabulary, symbol: str) -> bool:
    try:
        return int(vocabulary.encode(symbol)[0]) != vocabulary.unknown
    except DataError:  # a closed vocabulary
        return False


def continue_prefixes(
    model: SequenceModel, prepared: Prepared, params: SamplesParams | None, epoch: int
) -> tuple[TrainingSample, ...]:
    """Return how the network continues each prefix, if params ask for samples after this epoch.

    The network stays in its mode, and the random numbers of the training are not used.
    """
    if params is None or prepared.vocabulary is None or epoch % params.every:
        return ()
    was_training, vocabulary = model.training, prepared.vocabulary
    samples = tuple(
        TrainingSample(epoch, prefix, "".join(generate(model, vocabulary, prefix, params.length, 0.0, seed=0)))
        for prefix in params.prefixes
    )
    model.train(was_training)
    return samples
