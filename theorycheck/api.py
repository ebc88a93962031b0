"""What `import theorycheck as tc` offers in a notebook: verify a claim, and look at what was found."""

from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from theorycheck.claim import Claim
from theorycheck.empirical.store import DEFAULT_STORE
from theorycheck.errors import ClaimError, ReportError
from theorycheck.executors import opened
from theorycheck.finding import Finding
from theorycheck.judgement import Estimate
from theorycheck.profiles import ProfileName
from theorycheck.reports import DEFAULT_OUT, html
from theorycheck.reports.blocks import Paragraph
from theorycheck.reports.brief import brief
from theorycheck.reports.document import Part, document
from theorycheck.reports.report import Format, available, part
from theorycheck.session import Progress, Session, folder_of, silent, write


@dataclass(frozen=True)
class Result(Finding):
    """What was found on a claim; shows itself as a report in a notebook.

    Attributes:
        verdict: with everything it rests on.
        claim: as it was tested.
        trials: one row a trial: what is varied, what is searched, replicate, the measurement, work and key.
        observed: what the judge saw of them.
    """

    @property
    def design(self) -> str | None:
        """The name of the claim's experiment; None for the default."""
        return self.claim.design_name

    def exponent(self, letter: str | None = None) -> Estimate:
        """The estimate that the verdict rests on, of a variable by its name or letter; of the only one by
        default.

        Raises:
            ClaimError: there is no such variable, or the data bear no estimate.
        """
        predictions = self.verdict.predictions
        known = {name: p.variable for p in predictions for name in (p.variable, p.letter)}
        if letter is None and len(predictions) == 1:
            letter = predictions[0].variable
        if letter not in known:
            asked = "no variable" if letter is None else repr(letter)
            raise ClaimError(f"asked for the exponent of {asked}; {self.verdict.name} has {', '.join(known)}")
        for estimate in self.estimates:
            if estimate.factor == known[letter]:
                return estimate
        raise ClaimError(f"the data bear no estimate for {letter}: {self.verdict.judgement.reason}")

    def plot(self) -> Figure:
        """The figure that shows what the claim says.

        Raises:
            ReportError: it cannot be drawn.
        """
        first = self._part.pictures[0]
        if isinstance(first, Paragraph):
            raise ReportError("".join(first.line))
        return first.figure

    def report(self, *formats: Format, out: Path | str = DEFAULT_OUT) -> Path:
        """Write the report (md, html, tex, pdf; by default all that can be made here), and return its folder.

        Raises:
            ReportError: a format cannot be made here.
            StoreError: the folder cannot be written.
        """
        folder = folder_of(self.claim, Path(out))
        write(self, folder, available(formats or None))
        return folder

    def __str__(self) -> str:
        """What `theorycheck verify` prints of a claim."""
        return brief(self.verdict, "report() writes all")

    def _repr_html_(self) -> str:
        """The report, for notebooks."""
        return html.body(document([self._part]))

    @property
    def _part(self) -> Part:
        return part(self.verdict, self.claim, self.observed)


def verify(
    claim: Claim | str,
    profile: ProfileName = "standard",
    *,
    design: str | None = None,
    data: str | None = None,
    seed: int = 0,
    jobs: int = 1,
    device: str = "cpu",
    executor: str = "local",
    store: Path | str = DEFAULT_STORE,
    sensitivity: bool = False,
    progress: Progress = silent,
) -> Result:
    """Train what a claim speaks about and judge it; nothing is written but the store.

    Args:
        claim: a claim, the name of one, or the path of a claim file.
        profile: how much of the design is carried out: smoke, quick, standard or full.
        design: another experiment of the claim, by its name.
        data: source of the images of a claim about images, as of `theorycheck verify --data`.
        seed: base seed of all trials.
        jobs: worker processes, one thread each.
        device: "cpu" or "cuda".
        executor: what makes trials, as of `theorycheck verify --executor`.
        store: file of finished trials; those found there are not trained again.
        sensitivity: whether the claim is verified under its variations as well.
        progress: shows the training's progress.

    Returns:
        The result, which does not depend on `jobs` or on what the store held.

    Raises:
        ClaimError, DesignError: the claim or its design cannot be carried out.
        StoreError: the store cannot be written.
        Interrupted: training was cut short; calling again continues it.

    Example:
        >>> import theorycheck as tc
        >>> v = tc.verify("sample_complexity", "quick")  # doctest: +SKIP
        >>> v.decision, v.exponent("alpha_*")  # doctest: +SKIP
    """
    with opened(executor, jobs) as workers:
        finding = Session(Path(store), workers, progress).examine(
            claim, profile, design=design, data=data, seed=seed, device=device, sensitivity=sensitivity
        )
    return Result(**vars(finding))
