"""The notebook runs from top to bottom, and says what its text says."""

import os
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

TOUR = Path(__file__).parents[1] / "examples/tour.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the notebook's client, about event loops
def test_the_tour_is_executed(tmp_path, monkeypatch):
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(TOUR.parents[1]), os.environ.get("PYTHONPATH", "")])
    )
    tour = nbformat.read(TOUR, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(tour, timeout=300, kernel_name="python3", resources=resources).execute()
    printed = [
        output["text"]
        for cell in tour.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.get("name") == "stdout"
    ]
    assert [text.split()[0] for text in printed][:2] == ["SUPPORTED", "REFUTED"]
    assert len(printed) == 3
    shown = [o["data"] for c in tour.cells for o in c.get("outputs", ()) if "data" in o]
    assert any("<svg" in one.get("text/html", "") for one in shown)
