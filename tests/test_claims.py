from pathlib import Path

import pytest
from pydantic import ValidationError
from sympy import Symbol

from theorycheck import bounds
from theorycheck.claim import SAMPLES, Design, Search
from theorycheck.empirical.response import response
from theorycheck.errors import ClaimError, DesignError
from theorycheck.plan import make_plan
from theorycheck.statements import Contrast, Scaling

FOLDER = Path(bounds.__file__).parent
CLAIMS = bounds.claims()
every_claim = pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS.keys())


def test_every_file_of_a_paper_is_found_as_a_claim():
    files = {path.stem for path in FOLDER.glob("*/*.py") if path.stem != "__init__"}
    assert set(CLAIMS) == files


@every_claim
def test_a_claim_is_named_like_its_short_file(claim):
    (path,) = FOLDER.glob(f"*/{claim.name}.py")
    assert len(path.read_text().splitlines()) <= 60
    assert "torch" not in path.read_text()


@every_claim
def test_the_default_design_lies_inside_the_regime(claim):
    plan = make_plan(claim)
    assert not any(cell.violated for cell in plan.cells)
    assert all(plan.holding(condition) == len(plan.levels) for condition in claim.conditions)


@pytest.mark.parametrize(
    "claim", [c for c in CLAIMS.values() if isinstance(c.law, Scaling | Contrast)], ids=lambda c: c.name
)
def test_the_design_of_an_exponent_is_what_the_project_asks_for(claim):
    """At least a decade and 6 levels; of images, whose trials take seconds, half of one and 5."""
    plan, images = make_plan(claim), claim.name.startswith("image_")
    assert len(plan.levels) >= (5 if images else 6)
    assert plan.levels[-1] / plan.levels[0] >= (5 if images else 10) * (1 - 1e-9)


@every_claim
def test_the_response_exists(claim):
    assert response(claim.response).meaning


def test_no_design_tries_odd_numbers_of_samples():
    """They leave the labels unbalanced: N = 3 is hardly better than N = 2; no threshold describes that."""
    tried = {
        (claim.name, name): [n for n in design.search.values if n % 2]
        for claim in CLAIMS.values()
        if claim.response == "zero_generalization_error"
        for name, design in {"": claim.design, **claim.designs}.items()
        if design.search and design.search.letter == "N"
    }
    assert len(tried) > 10
    assert {which: odd for which, odd in tried.items() if odd} == {}


def test_both_sample_complexities_share_their_data():
    first, second = (CLAIMS[n] for n in ("sample_complexity", "sample_complexity_without_attention"))
    assert [*first.law.exponents.values(), *second.law.exponents.values()] == [-2, -4]
    differing = {name for name in first.design.held if first.design.held[name] != second.design.held[name]}
    assert differing == {"attention", "T"}
    assert first.design.levels == second.design.levels


def test_a_plan_is_fixed_by_what_it_decides():
    claim = CLAIMS["sample_complexity"]
    plan = make_plan(claim, "smoke")
    assert make_plan(claim, "smoke").hash == plan.hash
    others = [
        make_plan(claim, "quick"),
        make_plan(claim, "smoke", seed=1),
        make_plan(claim.model_copy(update={"margin": 0.5}), "smoke"),
    ]
    assert len({plan.hash, *(other.hash for other in others)}) == 4


def test_a_copy_of_a_claim_or_a_design_has_their_fields_only(tiny):
    claim = bounds.load(tiny)
    with pytest.raises(
        ClaimError, match=r"copy of a Claim with another desing; its fields are name, title, "
    ):
        claim.model_copy(update={"desing": claim.design, "margin": 0.5})
    with pytest.raises(
        ClaimError, match=r"copy of a Design with another samples; its fields are factor, lev"
    ):
        claim.design.model_copy(update={"samples": (4, 8)})
    assert claim.model_copy(update={"margin": 0.5}).margin == 0.5
    assert claim.design.model_copy() == claim.design


def test_points_outside_of_the_regime_are_marked(tiny):
    claim = bounds.load(tiny)
    held = {**claim.design.held, "alpha_confusion": 0.03}  # alpha_* = 0.15 is not above 6 times that
    plan = make_plan(claim.model_copy(update={"design": claim.design.model_copy(update={"held": held})}))
    assert {cell.level for cell in plan.cells if cell.violated} == {0.15}
    assert plan.holding(claim.conditions[0]) == 2
    held["alpha_confusion"] = 0.09
    with pytest.raises(DesignError, match="no design point of tiny lies in the theorem's regime"):
        make_plan(
            claim.model_copy(
                update={"design": claim.design.model_copy(update={"held": held, "levels": (0.25,)})}
            )
        )


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ClaimError, match="no claim 'sample_complexty'; did you mean sample_complexity"):
        bounds.find("sample_complexty")


BREAK = {
    "syntax": (("claim = Claim(", "claim = Claim(("), r"line \d+: this is not Python"),
    "no claim": (("claim = Claim(", "other = Claim("), r"must define `claim = Claim\(\.\.\.\)`"),
    "unknown name": (('name="tiny"', "name=tiny"), r"line {line}: NameError"),
    "field type": (
        ('provenance="stated"', 'provenance="rumoured"'),
        r"line {line}, field provenance of Claim: Input should",
    ),
    "missing field": (
        ('    refuted_by="N* grows faster",\n', ""),
        r"field refuted_by of Claim: Field required",
    ),
    "extra field": (
        ("notation=NOTATION", "notation=NOTATION, colour=1"),
        r"line {line}, field colour of Claim: Extra",
    ),
    "few levels": (
        ("levels=(0.15, 0.2, 0.3)", "levels=(0.15, 0.2)"),
        r"line {line}, field levels of Design: .* at least 3",
    ),
    "negative level": (
        ("levels=(0.15, 0.2", "levels=(-0.15, 0.2"),
        r"field levels of Design: levels must be finite and not negative",
    ),
    "few N": (
        ("(2, 4, 12, 32, 64)", "(2, 4)"),
        r"line {line}, field values of Search: .* at least 3 different sample",
    ),
    "no exponent": (
        ("BigO(alpha_relevant**-2", "BigO(2**(1 / alpha_relevant)"),
        r"line {line}: asked for the exponent",
    ),
    "other variable": (
        ("BigO(alpha_relevant**-2, (alpha_relevant, 0))", "BigO(m**-2, (m, 0))"),
        r"field design of Claim: the design must vary the law's variable m, but varies alpha_relevant",
    ),
}


@pytest.mark.parametrize(("change", "message"), BREAK.values(), ids=BREAK.keys())
def test_a_malformed_claim_file_is_answered_with_line_and_field(tiny, change, message):
    text = tiny.read_text()
    assert change[0] in text
    line = text[: text.index(change[0])].count("\n") + 1
    tiny.write_text(text.replace(*change))
    with pytest.raises(ClaimError, match=message.replace("{line}", str(line))):
        bounds.load(tiny)


def test_a_missing_claim_file_is_an_error():
    with pytest.raises(ClaimError, match=r"nowhere\.py cannot be read: No such file"):
        bounds.find("nowhere.py")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            ("levels=(0.15, 0.2, 0.3)", "levels=(0.15, 0.2, 1.4)"),
            DesignError,
            r"impossible at alpha_\* = 1\.4.*less than",
        ),
        (
            ("levels=(0.15, 0.2, 0.3)", "levels=(0.15, 0.2, 0.95)"),
            DesignError,
            r"alpha_\* \+ alpha_# must not exceed 1",
        ),
        (("S: 5", "S: 50"), DesignError, "query tokens are drawn from L"),
        (("zero_generalization_error", "zero_error"), ClaimError, "there is no response 'zero_error'"),
        (("d: 8,", "d: 8 * Symbol('k'),"), ClaimError, "needs a value for k; hold it in the design"),
    ],
)
def test_an_impossible_design_is_refused_before_training(tiny, change, error, message):
    tiny.write_text(tiny.read_text().replace(*change).replace("import Ge,", "import Symbol, Ge,"))
    with pytest.raises(error, match=message):
        make_plan(bounds.load(tiny))


def test_held_expressions_are_evaluated_at_every_point():
    x, y = Symbol("x", positive=True), Symbol("y")
    design = Design(
        factor=x,
        levels=(1, 2, 4),
        search=Search(SAMPLES, (2, 4, 8)),
        replicates=1,
        held={y: x / 4, "z": 2 * y + SAMPLES},
    )
    assert design.point(2.0, 8) == {"x": 2.0, "N": 8, "y": 0.5, "z": 9.0}


def test_a_claim_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        CLAIMS["sample_complexity"].margin = 9
