"""Random-feature attention learns a function of a query and its keys better than a random-feature MLP."""

from theorycheck.bounds.fu2023single import PAPER, SETTING, VARIATIONS, error
from theorycheck.claim import Claim, Design, Source
from theorycheck.statements import Ordering

DESIGN = Design(
    factor="keys",
    levels=(2, 4, 8, 16),
    crossed={"layer": ("attention", "mlp")},
    replicates=20,
    held=SETTING,
)


def attention_below_mlp(keys: int) -> tuple[dict[str, object], dict[str, object]]:
    """The pair of both layers at a number of keys."""
    return {"keys": keys, "layer": "attention"}, {"keys": keys, "layer": "mlp"}


claim = Claim(
    name="random_feature_attention",
    title="Test error of random-feature attention and of random-feature MLPs, by the number of keys",
    source=Source(paper=PAPER, place="abstract, advantage over random-feature networks"),
    provenance="stated",
    quantity=error,
    law=Ordering(
        pairs=(attention_below_mlp(2), attention_below_mlp(16)),
        beside=(attention_below_mlp(4), attention_below_mlp(8)),
    ),
    response="random_feature_error",
    design=DESIGN,
    designs={
        "keys_alone": DESIGN.another("The target is the mean of <b, x_i>^2.", {"target": "keys", "p": 2}),
        "square_of_the_query": DESIGN.another("The target is the mean of <x_0, x_i>^2 <b, x_i>.", {"p": 2}),
    },
    refuted_by="attention has the larger test error at 2 or at 16 keys, with 95 % confidence",
    variations=VARIATIONS,
)
