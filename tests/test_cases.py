"""Small inputs that users' programs were once answered wrongly for, and the right value of each."""

import json
from pathlib import Path

import pytest
from test_cli import STATUS, run

CASES = Path(__file__).with_name("data") / "cases"
RIGHT = {
    "cubic_rejected": (("y", "O", "y", "oo"), {"SUPPORTED", "INCONCLUSIVE"}),
    "floor_then_linear": (("n", "O", "n", "oo"), {"SUPPORTED", "INCONCLUSIVE"}),
    "two_choices": (("x^-1", "Theta", "x", "0"), {"SUPPORTED"}),
    "weak_law": (("C^0.2", "Theta", "C", "oo"), {"REFUTED", "INCONCLUSIVE"}),
    "largest_once": (("p", "Theta", "p", "oo"), {"SUPPORTED"}),
}


def fitted(tmp_path, name, *options, end=None):
    law, relation, variable, right_end = RIGHT[name][0]
    asked = (
        "--law",
        law,
        "--relation",
        relation,
        "--variable",
        variable,
        "--as-variable-goes-to",
        end or right_end,
    )
    result = run("fit", CASES / f"{name}.csv", *asked, *options, "--json", cwd=tmp_path)
    (claim,) = json.loads(result.stdout)["claims"]
    unexpected = [
        line for line in result.stderr.splitlines() if not line.endswith("s so far")
    ]  # on a busy machine
    assert (result.exit_code, unexpected) == (STATUS[claim["verdict"]], [])
    return claim


def verified(tmp_path, name):
    result = run(
        "verify", "--claim", CASES / f"{name}.py", "--jobs", 1, "--report", "md", "--json", cwd=tmp_path
    )
    assert result.exit_code == 0, result.stderr
    (claim,) = json.loads(result.stdout)["claims"]
    return claim


@pytest.mark.parametrize("name", RIGHT)
def test_tables_get_the_right_verdict(tmp_path, name):
    assert fitted(tmp_path, name)["verdict"] in RIGHT[name][1]


@pytest.mark.parametrize(
    ("name", "right", "within"),
    [
        ("cubic_rejected", 0.62, 0.16),
        ("floor_then_linear", 1, 0.02),
        ("weak_law", -0.05, 0.002),
        ("largest_once", 1, 0.02),
    ],
)
def test_exponents_at_the_asymptotic_end(tmp_path, name, right, within):
    (exponent,) = fitted(tmp_path, name)["exponents"]
    assert exponent["estimate"] == pytest.approx(right, abs=within)
    assert exponent["ci_low"] < exponent["estimate"] < exponent["ci_high"]


@pytest.mark.parametrize("options", [(), ("--guess-rate", 0.5)])
@pytest.mark.parametrize("end", ["0", "oo"])
def test_success_by_chance_is_told_from_success(tmp_path, options, end):
    claim = fitted(tmp_path, "two_choices", *options, end=end)
    (exponent,) = claim["exponents"]
    assert claim["verdict"] == "SUPPORTED"
    assert exponent["ci_low"] < -1 < exponent["ci_high"]


def test_an_exponent_typed_as_a_decimal_is_derived(tmp_path):
    claim = verified(tmp_path, "decimal_exponent")
    (exponent,) = claim["exponents"]
    assert (claim["verdict"], exponent["predicted"]) == ("SUPPORTED", -0.076)
    assert exponent["estimate"] == pytest.approx(-0.076, abs=0.001)


def test_none_is_no_evidence(tmp_path):
    claim = verified(tmp_path, "one_none")
    (check,) = (check for check in claim["checks"] if check["name"] == "no evidence")
    assert claim["verdict"] == "SUPPORTED"
    assert check["detail"].startswith("2 of 70 trials returned None and were left out")
