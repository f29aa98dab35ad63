from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from edgevision.cli.main import cli
from edgevision.zoo.families import FAMILIES, mobilenet_v1, network_of
from edgevision.zoo.seeded import seeded


def printed(*arguments):
    result = CliRunner().invoke(cli, ["cost", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


def as_json(*arguments):
    return json.loads(printed(*arguments, "--json"))


def test_a_network_of_the_paper_in_json():
    found = as_json("mobilenet_v1", "--alpha", 0.75, "--resolution", 192, "--classes", 120)

    assert (found["alpha"], found["resolution"], found["classes"]) == (0.75, 192, 120)
    assert found["mult_adds"] == mobilenet_v1(0.75, 120).mult_adds(192) == 238_597_632
    assert found["params"] == 1_900_632
    assert "layers" not in found


def test_layers_and_savings_add_up_to_the_totals():
    found = as_json("mobilenet_v2", "--layers")

    assert sum(layer["mult_adds"] for layer in found["layers"]) == found["mult_adds"]
    assert sum(layer["params"] for layer in found["layers"]) == found["params"]
    assert found["layers"][0]["kernel"] == [3, 3]
    saved = sum(pair["full_mult_adds"] - pair["mult_adds"] for pair in found["savings"])
    assert found["full_convolutions"]["mult_adds"] == found["mult_adds"] + saved
    assert len(found["savings"]) == 17
    for pair in found["savings"]:
        assert pair["ratio"] == pytest.approx(1 / pair["outputs"] + 1 / pair["kernel"] ** 2)


@pytest.mark.parametrize("name", list(FAMILIES))
def test_the_text_has_totals_first_and_fits_a_terminal(name):
    lines = printed(name).splitlines()

    assert lines[0] == f"{name}, alpha 1, 224 x 224 pixels, 1,000 classes"
    cost = network_of(name)
    assert f"({cost.mult_adds(224):,})" in lines[1]
    assert f"({cost.parameters:,})" in lines[2]
    assert max(map(len, lines)) < 100
    names = [line.split()[0] for line in lines if line]
    assert {layer.name for layer in cost.layers} <= set(names)
    assert "1/N+1/D²" in printed(name)


def test_a_layer_shows_what_a_full_convolution_would_cost():
    line = next(
        line for line in printed("mobilenet_v1").splitlines() if line.startswith("block7.pointwise")
    )
    # Table 3 of the paper: 462 M for the full convolution, 52.3 M for the pair.
    assert line.split() == [
        *("block7.pointwise", "conv", "1x1", "14x14x512", "51.38", "262,656"),
        *("462.42", "11.3", "%", "11.3", "%"),
    ]


def test_published_accuracy_is_shown_where_it_is_known():
    assert "70.9 %" in printed("mobilenet_v1")
    assert as_json("mobilenet_v1")["published_top1"]["percent"] == 70.9
    assert "top-1" not in printed("mobilenet_v1", "--classes", 120)
    assert as_json("mobilenet_v2", "--alpha", 0.25)["published_top1"] is None


def test_a_file_counts_back_what_was_written(tmp_path):
    path = tmp_path / "mine.tflite"
    path.write_bytes(seeded(mobilenet_v1(0.25, 10), 96))

    found = as_json(path, "--layers")

    assert found["mult_adds"] == mobilenet_v1(0.25, 10).mult_adds(96)
    assert found["params"] == mobilenet_v1(0.25, 10).parameters
    assert (found["resolution"], found["classes"], found["alpha"]) == (96, 10, None)
    assert found["resizable"] is True
    assert len(found["savings"]) == 13
    text = printed(path)
    assert text.startswith("mine.tflite: 96 x 96 pixels, 10 classes, ")
    assert "other sizes    yes" in text
    assert max(map(len, text.splitlines())) < 100


def test_files_of_others_fit_a_terminal(shared):
    for path in sorted((shared / "models").glob("*.tflite")):
        assert max(map(len, printed(path).splitlines())) < 100


def test_a_file_for_the_edge_tpu_says_that_it_cannot_be_counted(shared):
    path = shared / "models" / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"

    assert "Compiled for the Edge TPU" in printed(path)
    found = as_json(path)
    assert (found["mult_adds"], found["params"], found["for_edgetpu"]) == (None, None, True)
    assert found["not_counted"] == ["edgetpu-custom-op"]


def test_the_paper_beside_ours():
    found = as_json("--paper")

    assert len(found["rows"]) == 25
    for row in found["rows"]:
        assert row["agrees"] or row["note"]
        if row["network"] == "mobilenet_v1":
            assert row["agrees"]
            assert abs(row["mult_adds_difference_percent"]) < 1
    text = printed("--paper")
    assert max(map(len, text.splitlines())) < 100
    for expected in ("15470.3", "Squeezenet", "9,756 cells", "26,263", "[6]"):
        assert expected in text
    assert "-0.0" not in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "say which network: `edgevision cost mobilenet_v1`"),
        (["mobilnet_v1"], "did you mean mobilenet_v1?"),
        (["xyzzy"], "names: mobilenet_v1, mobilenet_v2, efficientnet_lite0"),
        (["mobilenet_v1", "--alpha", "0"], "alpha 0: expected a number over 0"),
        (["mobilenet_v1", "--alpha", "-0.5"], "alpha -0.5: expected a number over 0"),
        (["mobilenet_v1", "--alpha", "nan"], "alpha nan: expected a number over 0"),
        (["mobilenet_v1", "--resolution", "200"], "expected a multiple of 32, for example 192"),
        (["mobilenet_v1", "--resolution", "0"], "expected a multiple of 32, for example 32"),
        (["mobilenet_v1", "--resolution", "99999999"], "is not in the range"),
        (["mobilenet_v1", "--classes", "0"], "classes 0: expected a whole number from 1 on"),
        (["gone.tflite"], "gone.tflite: there is no such file"),
        (["other.tflite"], "other.tflite: is no TFLite model"),
        (["other.tflite", "--alpha", "0.5"], "is a file, in which these are fixed: leave --alpha"),
        (["--paper", "mobilenet_v1"], "leave a network out"),
        (["mobilenet_v1_0.75_192_quant"], "models pull mobilenet_v1_0.75_192_quant"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_one_line(edgevision, tmp_path, arguments, says):
    (tmp_path / "other.tflite").write_text("not a network")

    assert says in edgevision("cost", *arguments).refused(2)
